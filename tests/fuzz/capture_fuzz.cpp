// Makes reports of arbitrary bytes: every report ends without a crash, in memory proportional to
// the size of the file.
//
// The bytes are a capture in a short form, so that the fuzzer need not find the checksums:
//
//   1 byte       bits: 1 the head is damaged, 2 it has ended, 4 Ring, 8 Sums, 16 events have
//   stacks,
//                64 a summary instead of a report, 128 the rest is a file as it is; with 32: a
//                compressed one, whose checksums are corrected
//   then blocks  kind and state, writer, number, stamp, bits (1 a wrong checksum, 2 a wrong
//                extent), thread, 2 bytes with the number of words; the words

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "capture/block.h"
#include "report/compression/chunk.h"
#include "report/compression/compressed_capture.h"
#include "report/maker/report.h"

namespace pymemflow {
namespace {

constexpr std::size_t kPage = kFileAlignment;

class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), left_(size) {}
  std::size_t left() const { return left_; }
  std::uint8_t next() { return left_ == 0 ? 0 : (--left_, *data_++); }
  std::size_t copy(void* to, std::size_t bytes) {
    const std::size_t taken = std::min(bytes, left_);
    if (taken != 0) std::memcpy(to, data_, taken);
    data_ += taken;
    left_ -= taken;
    return taken;
  }

 private:
  const std::uint8_t* data_;
  std::size_t left_;
};

using File = std::vector<char>;

void put_head(File& file, std::uint8_t bits) {
  FileHead head{};
  head.magic = kFileMagic;
  head.version = kFormatVersion;
  head.process = 4711;
  head.mode = bits & 4 ? RecordMode::Ring : bits & 8 ? RecordMode::Sums : RecordMode::Full;
  head.frames = bits & 16 ? FrameKind::Stacks : FrameKind::Sites;
  head.max_stack = bits & 16 ? 1024 : 0;
  head.checksum = checksum_of_start(head) + (bits & 1);
  if (bits & 2) {
    head.end = EndKind::Exit;
    head.failure = bits >> 4 & 3;
    head.end_checksum = checksum_of_end(head);
  }
  file.resize(kPage);
  std::memcpy(file.data(), &head, sizeof head);
}

std::size_t extent_of(const BlockHead& head) {
  if (head.state == BlockState::Sealed || head.state == BlockState::Reserved) {
    return (sizeof head + head.used_bytes + kPage - 1) / kPage * kPage;
  }
  const bool is_small = head.kind == BlockKind::Definitions;
  return is_small ? kDefinitionBlockBytes : kBlockBytes;
}

void put_block(File& file, Bytes& bytes) {
  constexpr BlockKind kKinds[] = {BlockKind::Events, BlockKind::Definitions, BlockKind::Sums,
                                  BlockKind::Events};
  constexpr BlockState kStates[] = {BlockState::Closed, BlockState::Open,     BlockState::Sealed,
                                    BlockState::Closed, BlockState::Reserved, BlockState::Emptied};
  BlockHead head{};
  const std::uint8_t what = bytes.next();
  head.magic = kBlockMagic;
  head.kind = kKinds[what & 3];
  head.state = kStates[(what >> 2) % std::size(kStates)];
  head.process = 4711;
  head.writer = bytes.next();
  head.number = bytes.next();
  head.stamp = bytes.next();
  const std::uint8_t bits = bytes.next();
  head.thread = bytes.next();
  const std::size_t low = bytes.next();
  std::vector<Word> words((low | static_cast<std::size_t>(bytes.next()) << 8) % 4000);
  words.resize((bytes.copy(words.data(), words.size() * sizeof(Word)) + 7) / sizeof(Word));
  head.used_bytes = static_cast<std::uint32_t>(words.size() * sizeof(Word));
  const std::size_t extent = extent_of(head);
  head.extent_bytes = static_cast<std::uint32_t>(extent + (bits & 2 ? kPage : 0));
  head.checksum = checksum_of(head, words.data()) + (bits & 1);
  const std::size_t start = file.size();
  file.resize(start + std::max(extent, sizeof head + head.used_bytes));
  std::memcpy(file.data() + start, &head, sizeof head);
  if (!words.empty()) std::memcpy(file.data() + start + sizeof head, words.data(), head.used_bytes);
}

File make_file(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  const std::uint8_t bits = bytes.next();
  File file;
  if (bits & 128) {
    file.resize(bytes.left());
    bytes.copy(file.data(), file.size());
    return file;
  }
  put_head(file, bits);
  while (bytes.left() != 0) put_block(file, bytes);
  return file;
}

// Gives the heads of a compressed capture the checksums that they should have.
void correct_checksums(File& file) {
  report::CompressedHead head{};
  if (file.size() < sizeof head) return;
  std::memcpy(&head, file.data(), sizeof head);
  head.checksum = report::checksum_of(head);
  std::memcpy(file.data(), &head, sizeof head);
  report::ChunkHead chunk{};
  for (std::size_t at = sizeof head; at + sizeof chunk <= file.size();) {
    std::memcpy(&chunk, file.data() + at, sizeof chunk);
    const std::size_t stored = (std::size_t{chunk.stored_bytes} + 7) / 8 * 8;
    if (stored <= file.size() - at - sizeof chunk) {
      const char* const start = file.data() + at + sizeof chunk;
      chunk.stored_checksum = report::checksum_of_bytes(report::Bytes(start, start + stored));
    }
    chunk.checksum = report::checksum_of(chunk);
    std::memcpy(file.data() + at, &chunk, sizeof chunk);
    at += sizeof chunk + std::min(stored, file.size());
  }
}

int file_of(const File& content) {
  const int file = ::memfd_create("capture", MFD_CLOEXEC);
  if (file < 0) std::abort();
  if (::write(file, content.data(), content.size()) != static_cast<ssize_t>(content.size())) {
    std::abort();
  }
  return file;
}

// The capture in a compressed one; -1: there is none.
int plain_file_of(File content) {
  correct_checksums(content);
  const int compressed = file_of(content);
  int plain = file_of({});
  std::uint64_t lost = 0;
  if (report::decompress(compressed, plain, lost) != report::CompressionError::None) {
    ::close(plain);
    plain = -1;
  }
  ::close(compressed);
  return plain;
}

// Views of a record, the whole of it most often.
void choose_view(std::uint8_t choice, report::ReportOptions& options) {
  switch (choice % 8) {
    case 1:
      options.asked.metric = Metric::Peak;
      options.asked.from = "1ms";
      break;
    case 2:
      options.asked.metric = Metric::Mapped;
      options.asked.at = "peak";
      break;
    case 3:
      options.asked.from = "a";
      options.asked.to = "a:2";
      break;
    case 4:
      options.asked.only = "*a*,b";
      options.asked.leaked = true;
      options.asked.metric = Metric::Leaked;
      break;
    case 5:
      options.asked.ignore = "*";
      options.asked.min_size = 16;
      break;
    default:
      break;
  }
}

void report_on(int file, bool is_summary, std::uint8_t choice) {
  if (file < 0) return;
  report::ReportOptions options;
  options.asked.output = "/dev/null";
  options.asked.format = is_summary ? "summary" : "flow";
  if (is_summary || choice % 8 >= 3) choose_view(choice, options);
  options.is_in_process = false;
  const report::ReportError error = report::write_report(file, options);
  // The report ran out of the memory that a file of this size may take.
  if (error && error.what == "out of memory") std::abort();
  ::close(file);
}

}  // namespace
}  // namespace pymemflow

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bool is_summary = size != 0 && (data[0] & 64) != 0;
  const bool is_compressed = size != 0 && (data[0] & 128) != 0 && (data[0] & 32) != 0;
  const auto content = pymemflow::make_file(data, size);
  pymemflow::report_on(
      is_compressed ? pymemflow::plain_file_of(content) : pymemflow::file_of(content), is_summary,
      size != 0 ? data[size - 1] : 0);
  return 0;
}
