#include "report/reader/file_reads.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "capture/block.h"

namespace pymemflow::report {

namespace {

// Calls pread() or pwrite() until all bytes are done. False: the file has ended, or errno says why.
template <typename Call, typename Byte>
bool do_whole(Call call, int file, Byte* cursor, std::size_t bytes, std::uint64_t offset) {
  while (bytes > 0) {
    const ssize_t done = call(file, cursor, bytes, static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    cursor += done;
    offset += static_cast<std::uint64_t>(done);
    bytes -= static_cast<std::size_t>(done);
  }
  return true;
}

}  // namespace

bool read_at(int file, void* data, std::size_t bytes, std::uint64_t offset) {
  return do_whole(::pread, file, static_cast<char*>(data), bytes, offset);
}

bool write_at(int file, const void* data, std::size_t bytes, std::uint64_t offset) {
  return do_whole(::pwrite, file, static_cast<const char*>(data), bytes, offset);
}

bool find_size(int file, std::uint64_t& bytes) {
  struct stat facts {};
  if (::fstat(file, &facts) != 0) return false;
  bytes = static_cast<std::uint64_t>(facts.st_size);
  return true;
}

bool is_zero(int file, std::uint64_t offset, std::uint64_t end) {
  constexpr char kZeros[kFileAlignment] = {};
  char bytes[kFileAlignment];
  while (offset < end) {
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(end - offset, sizeof bytes));
    const ssize_t got = ::pread(file, bytes, wanted, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    if (std::memcmp(bytes, kZeros, static_cast<std::size_t>(got)) != 0) return false;
    offset += static_cast<std::uint64_t>(got);
  }
  return true;
}

std::uint64_t end_of_hole(int file, std::uint64_t offset, std::uint64_t end) {
  // Moves the descriptor's position, which nobody uses: captures are read and written by pread()
  // and pwrite().
  const off_t data = ::lseek(file, static_cast<off_t>(offset), SEEK_DATA);
  if (data < 0 && errno != ENXIO) return offset;
  const bool has_data = data >= 0 && static_cast<std::uint64_t>(data) < end;  // ENXIO: none is left
  const std::uint64_t next = has_data ? static_cast<std::uint64_t>(data) : end + kFileAlignment - 1;
  return std::max(offset, next - next % kFileAlignment);
}

std::uint64_t end_of_hole(const CaptureFiles& files, std::uint64_t offset, std::uint64_t end) {
  const std::uint64_t in_capture = end_of_hole(files.capture, offset, end);
  return files.windows < 0 ? in_capture
                           : std::min(in_capture, end_of_hole(files.windows, offset, end));
}

}  // namespace pymemflow::report
