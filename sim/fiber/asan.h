#pragma once

// Whether this build has AddressSanitizer: then MILLRACE_ASAN is defined. g++ and clang say so in
// different ways.

#if defined(__SANITIZE_ADDRESS__)
#define MILLRACE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MILLRACE_ASAN 1
#endif
#endif
