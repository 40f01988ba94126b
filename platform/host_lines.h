#pragma once
// The lines of describe_host() (process.h), for the systems' files. Pure.

#include <sys/utsname.h>

#include <cstddef>
#include <cstring>
#include <span>

namespace pymemflow::platform {

// Writes name, system, release and machine, one per line, as far as whole lines fit; returns the
// bytes.
inline std::size_t put_host_lines(const utsname& host, std::span<char> text) {
  std::size_t used = 0;
  for (const char* line : {host.nodename, host.sysname, host.release, host.machine}) {
    const std::size_t bytes = std::strlen(line);
    if (bytes + 1 > text.size() - used) break;
    std::memcpy(text.data() + used, line, bytes);
    used += bytes;
    text[used++] = '\n';
  }
  return used;
}

}  // namespace pymemflow::platform
