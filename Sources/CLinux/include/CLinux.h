// What Swift's Glibc module hides of Linux. Only headers that need no GNU switch are included
// here: defining _GNU_SOURCE in a public header clashes with the Glibc module.
#pragma once
#include <stddef.h>
#include <stdint.h>
