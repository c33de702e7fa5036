/* SPDX-License-Identifier: MIT */
#include "daemon/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <sysexits.h>

int
fault_set(char *fault, int status, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(fault, FAULT_MAX, format, ap);
	va_end(ap);
	return status;
}

bool
fault_say(char *fault, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(fault, FAULT_MAX, format, ap);
	va_end(ap);
	return false;
}

int
fault_status(int error, int otherwise)
{
	return error == EACCES || error == EPERM ? EX_NOPERM : otherwise;
}
