print("igudar")
