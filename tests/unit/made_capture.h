#pragma once
// Captures that a test makes by hand, in a file without a name. The checksums are right. One
// thread.

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <string_view>
#include <vector>

#include "capture/block.h"

namespace pymemflow::report {

// The words of records, in their order.
class Records {
 public:
  Records& add(std::initializer_list<Word> words) {
    words_.insert(words_.end(), words);
    return *this;
  }
  Records& add_text(std::uint32_t number, std::string_view text) {
    std::vector<Word> bytes((text.size() + sizeof(Word) - 1) / sizeof(Word));
    std::memcpy(bytes.data(), text.data(), text.size());
    add({extended_head(ExtendedKind::Text, 2 + bytes.size(), number),
         piece_head(text.size(), 0, true)});
    words_.insert(words_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  // A site on the first line of a function of its own. Takes the texts 3 * site to 3 * site + 2.
  Records& add_site(SiteId site, std::string_view file, std::string_view function, int line) {
    const std::uint32_t text = 3 * site;
    add_text(text, file).add_text(text + 1, function).add_text(text + 2, "");
    add({extended_head(ExtendedKind::Code, 4, site), pair(text, text + 1),
         pair(text + 2, static_cast<std::uint32_t>(line)), 0});
    return add({extended_head(ExtendedKind::Site, 2, site), pair(site, 0)});
  }
  Records& add_stack(StackId stack, StackId parent, SiteId site) {
    return add({stack_head(stack), stack_payload({parent, site})});
  }
  Records& add_malloc(std::uint64_t address, SiteId site, std::uint64_t bytes) {
    return add({short_head(RecordKind::Malloc, address, site), bytes});
  }
  Records& add_free(std::uint64_t address, SiteId site) {
    return add({short_head(RecordKind::Free, address, site)});
  }
  const std::vector<Word>& words() const { return words_; }

 private:
  std::vector<Word> words_;
};

class MadeCapture {
 public:
  explicit MadeCapture(FrameKind frames, RecordMode mode = RecordMode::Full) {
    file_ = ::memfd_create("made", MFD_CLOEXEC);
    head_.magic = kFileMagic;
    head_.version = kFormatVersion;
    head_.process = 4711;
    head_.mode = mode;
    head_.frames = frames;
    head_.max_stack = frames == FrameKind::Stacks ? 1024 : 0;
    head_.end = EndKind::Exit;
    write_head();
  }
  ~MadeCapture() { ::close(file_); }
  MadeCapture(const MadeCapture&) = delete;
  MadeCapture& operator=(const MadeCapture&) = delete;

  // Appends a complete block of the writer, with the next number of its kind.
  void add(BlockKind kind, const std::vector<Word>& records, std::uint32_t writer = 1) {
    BlockHead block{};
    block.magic = kBlockMagic;
    block.state = BlockState::Closed;
    block.kind = kind;
    block.extent_bytes = kind == BlockKind::Definitions ? kDefinitionBlockBytes : kBlockBytes;
    block.used_bytes = static_cast<std::uint32_t>(records.size() * sizeof(Word));
    block.process = head_.process;
    block.writer = writer;
    block.thread = 7;
    block.number = 1;
    for (const BlockHead& each : blocks_) {
      if (each.kind == kind && each.writer == writer) ++block.number;
    }
    block.stamp = ++stamp_;
    block.checksum = checksum_of(block, records.data());
    write(&block, sizeof block, bytes_);
    write(records.data(), block.used_bytes, bytes_ + sizeof block);
    bytes_ += block.extent_bytes;
    EXPECT_EQ(::ftruncate(file_, static_cast<off_t>(bytes_)), 0);
    blocks_.push_back(block);
    write_head();
  }
  void add(BlockKind kind, const Records& records, std::uint32_t writer = 1) {
    add(kind, records.words(), writer);
  }

  int file() const { return file_; }
  FileHead& head() { return head_; }
  // After a change of head(). The checksums are corrected, unless `is_damaged`.
  void write_head(bool is_damaged = false) {
    head_.file_bytes = bytes_;
    head_.last_numbers = 0;
    for (const BlockHead& block : blocks_) {
      bool is_last = true;
      for (const BlockHead& each : blocks_) {
        is_last = is_last && !(each.kind == block.kind && each.writer == block.writer &&
                               each.number > block.number);
      }
      if (is_last) head_.last_numbers += block.number;
    }
    head_.checksum = checksum_of_start(head_) + (is_damaged ? 1 : 0);
    head_.end_checksum = checksum_of_end(head_);
    write(&head_, sizeof head_, 0);
    EXPECT_EQ(::ftruncate(file_, static_cast<off_t>(bytes_)), 0);
  }

 private:
  void write(const void* from, std::size_t bytes, std::uint64_t offset) const {
    EXPECT_EQ(::pwrite(file_, from, bytes, static_cast<off_t>(offset)),
              static_cast<ssize_t>(bytes));
  }

  int file_ = -1;
  FileHead head_{};
  std::uint64_t bytes_ = kFileAlignment;
  std::uint64_t stamp_ = 0;
  std::vector<BlockHead> blocks_;
};

}  // namespace pymemflow::report
