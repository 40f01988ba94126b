// Writes that are complete or say why not, on every system.

#include <cerrno>

#include "platform/files.h"
#include "platform/write_some.h"

namespace pymemflow::platform {

int write_file(int file, const void* data, std::size_t bytes, std::uint64_t offset) {
  const char* cursor = static_cast<const char*>(data);
  while (bytes > 0) {
    const long outcome = write_some(file, cursor, bytes, offset);
    if (outcome == -EINTR) continue;
    if (outcome <= 0) return outcome == 0 ? EIO : static_cast<int>(-outcome);
    cursor += outcome;
    offset += static_cast<std::uint64_t>(outcome);
    bytes -= static_cast<std::size_t>(outcome);
  }
  return 0;
}

int write_file(int file, std::span<const char> front, const void* data, std::size_t bytes,
               std::uint64_t offset) {
  long outcome;
  do {
    outcome = write_some(file, front, data, bytes, offset);
  } while (outcome == -EINTR);
  if (outcome < 0) return static_cast<int>(-outcome);
  // The write was cut short, by a limit for instance. Writing the rest part by part tells why.
  auto done = static_cast<std::size_t>(outcome);
  if (done < front.size()) {
    const std::span<const char> rest = front.subspan(done);
    if (const int error = write_file(file, rest.data(), rest.size(), offset + done)) return error;
    done = front.size();
  }
  const std::size_t written = done - front.size();
  return write_file(file, static_cast<const char*>(data) + written, bytes - written, offset + done);
}

}  // namespace pymemflow::platform
