#include "report/compression/joined_capture.h"

#include <algorithm>
#include <cstring>

#include "capture/block.h"
#include "report/base/memory.h"
#include "report/reader/block_reads.h"

namespace pymemflow::report {
namespace {

constexpr std::uint64_t kPieceBytes = std::uint64_t{1} << 20;

class Joining {
 public:
  Joining(const CaptureFiles& files, int to) : files_(files), to_(to), piece_(kPieceBytes) {}

  JoinError run() {
    std::uint64_t capture = 0;
    std::uint64_t windows = 0;
    if (!find_size(files_.capture, capture) || !find_size(files_.windows, windows)) {
      return JoinError::Unreadable;
    }
    JoinError error = JoinError::None;
    for (std::uint64_t at = 0; error == JoinError::None && at < capture;) {
      at = end_of_hole(files_.capture, at, capture);
      const std::uint64_t bytes = at < capture ? std::min(capture - at, kPieceBytes) : 0;
      if (bytes > 0) error = copy(files_.capture, at, bytes);
      at += bytes;
    }
    if (error == JoinError::None) error = copy_windows(windows);
    return error == JoinError::None ? write_head() : error;
  }

 private:
  JoinError copy(int from, std::uint64_t offset, std::size_t bytes) {
    if (!read_at(from, piece_.data(), bytes, offset)) return JoinError::Unreadable;
    return write_at(to_, piece_.data(), bytes, offset) ? JoinError::None : JoinError::Unwritable;
  }

  // A block of the windows counts, whatever the capture has at its offset.
  JoinError copy_windows(std::uint64_t size) {
    std::uint64_t at = kFileAlignment;
    while ((at = end_of_hole(files_.windows, at, size)) < size) {
      BlockHead head{};
      const bool is_block = read_at(files_.windows, &head, sizeof head, at) && is_sane(head);
      const std::uint64_t extent = is_block ? head.extent_bytes : kFileAlignment;
      if (head.magic != 0) {
        const std::uint64_t bytes = std::min(extent, size - at);
        if (const JoinError error = copy(files_.windows, at, bytes); error != JoinError::None) {
          return error;
        }
      }
      at += extent;
    }
    return JoinError::None;
  }

  // The head page of the windows is that of the record.
  JoinError write_head() {
    char page[kFileAlignment];
    if (!read_at(files_.windows, page, sizeof page, 0)) return JoinError::Unreadable;
    const std::uint64_t no = 0;
    std::memcpy(page, &kFileMagic, sizeof kFileMagic);
    std::memcpy(page + kHasWindowsOffset, &no, sizeof no);
    return write_at(to_, page, sizeof page, 0) ? JoinError::None : JoinError::Unwritable;
  }

  CaptureFiles files_;
  int to_;
  Vector<char> piece_;
};

}  // namespace

JoinError join_capture(const CaptureFiles& files, int to) {
  return Joining(files, to).run();
}

}  // namespace pymemflow::report
