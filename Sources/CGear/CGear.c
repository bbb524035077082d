#include "CGear.h"
