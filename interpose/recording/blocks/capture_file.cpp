#include "interpose/recording/blocks/capture_file.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>

#include "platform/clock.h"
#include "platform/memory.h"

namespace pymemflow::interpose {
namespace {

constexpr std::size_t round_up(std::size_t bytes) {
  return (bytes + kFileAlignment - 1) & ~(kFileAlignment - 1);
}

}  // namespace

int CaptureFile::create(const CaptureSettings& settings, std::uint32_t process,
                        bool is_forked_child) {
  if (is_still_ours()) platform::close_file(file_);
  if (const int error = open(settings, process, is_forked_child)) return error;
  if (!platform::identify_file(file_, identity_)) return EBADF;
  const std::uint64_t asked =
      settings.limit_bytes != 0 ? settings.limit_bytes : platform::default_limit_for(file_);
  limit_ = std::min(asked, platform::allowed_file_bytes());
  end_.store(kFileAlignment, std::memory_order_relaxed);
  const int error = write_head(settings, process, is_forked_child);
  if (error != 0) remove();
  return error;
}

int CaptureFile::open(const CaptureSettings& settings, std::uint32_t process,
                      bool is_forked_child) {
  using Suffix = CaptureName::Suffix;
  name_.text[0] = '\0';
  if (settings.name.empty()) {
    file_ = platform::open_nameless_file();
    return file_ < 0 ? -file_ : 0;
  }
  const Suffix first = is_forked_child ? Suffix::WithoutNumber : Suffix::Never;
  for (const Suffix suffix : {first, Suffix::Always}) {
    if (!name_.make(settings.name, process, suffix)) return ENAMETOOLONG;
    file_ = platform::make_file(name_.text);
    if (file_ != -EEXIST) break;
  }
  constexpr unsigned kMostNames = 1000;
  for (unsigned number = 2; file_ == -EEXIST && number <= kMostNames; ++number) {
    if (!name_.make(settings.name, process, Suffix::Always) || !name_.append(number)) {
      return ENAMETOOLONG;
    }
    file_ = platform::make_file(name_.text);
  }
  return file_ < 0 ? -file_ : 0;
}

int CaptureFile::write_head(const CaptureSettings& settings, std::uint32_t process,
                            bool is_forked_child) {
  if (const int error = platform::reserve_file(file_, 0, kFileAlignment)) return error;
  // A forked child is paused if its parent was.
  const std::uint32_t paused = head_ == nullptr ? 0 : std::atomic_ref(*control_word()).load();
  // Replaces the mapping of the parent: a hook that a signal interrupted may read its control word.
  head_ = static_cast<FileHead*>(platform::map_file(file_, 0, kFileAlignment, head_));
  if (head_ == nullptr) return ENOMEM;
  FileHead head{};
  head.magic = kFileMagic;
  head.version = kFormatVersion;
  head.process = process;
  head.started_ns = platform::realtime_ns();
  head.started_monotonic_ns = platform::monotonic_ns();
  head.ring_bytes = settings.ring_bytes;
  head.limit_bytes = limit_;
  head.mode = settings.mode;
  head.is_forked_child = is_forked_child ? 1 : 0;
  head.checksum = checksum_of_start(head);
  *head_ = head;
  std::atomic_ref(*control_word()).store(paused);
  return 0;
}

BlockHead* CaptureFile::map_blocks(std::size_t bytes, int& error) {
  error = EBADF;
  if (!is_still_ours()) return nullptr;
  std::uint64_t offset = 0;
  error = claim(bytes, offset);
  if (error == 0) error = platform::reserve_file(file_, offset, bytes);
  if (error != 0) return nullptr;
  auto* const block = static_cast<BlockHead*>(platform::map_file(file_, offset, bytes));
  if (block == nullptr) error = ENOMEM;
  return block;
}

int CaptureFile::append(const BlockHead& block) {
  if (!is_still_ours()) return EBADF;
  BlockHead head = block;
  const std::size_t extent = round_up(sizeof head + head.used_bytes);
  head.state = BlockState::Reserved;
  head.extent_bytes = static_cast<std::uint32_t>(extent);
  head.checksum = checksum_of(head, records_of(&block));
  std::uint64_t offset = 0;
  if (const int error = claim(extent, offset)) return error;
  // If the process is killed in between, the block says so.
  const std::span<const char> front(reinterpret_cast<const char*>(&head), sizeof head);
  if (const int error =
          platform::write_file(file_, front, records_of(&block), head.used_bytes, offset)) {
    return error;
  }
  const BlockState state = BlockState::Sealed;
  return platform::write_file(file_, &state, sizeof state, offset + offsetof(BlockHead, state));
}

void CaptureFile::count_lost() {
  if (head_ != nullptr) std::atomic_ref(head_->lost).fetch_add(1, std::memory_order_relaxed);
}

void CaptureFile::end(EndKind kind, int failure, std::uint64_t last_numbers) {
  if (head_ == nullptr || !is_still_ours()) return;
  head_->failure = failure;
  head_->ended_ns = platform::realtime_ns();
  head_->file_bytes = platform::file_bytes(file_);
  head_->last_numbers = last_numbers;
  FileHead head = *head_;
  head.end = kind;
  head_->end_checksum = checksum_of_end(head);
  std::atomic_ref(head_->end).store(kind, std::memory_order_release);
}

void CaptureFile::reopen() {
  if (head_ != nullptr) std::atomic_ref(head_->end).store(EndKind::None, std::memory_order_relaxed);
}

void CaptureFile::remove() {
  if (name_.text[0] != '\0') platform::remove_file(name_.text);
}

int CaptureFile::claim(std::size_t bytes, std::uint64_t& offset) {
  offset = end_.fetch_add(bytes, std::memory_order_relaxed);
  return offset + bytes > limit_ ? kLimitReached : 0;
}

bool CaptureFile::is_still_ours() const {
  platform::FileIdentity now{};
  return file_ >= 0 && platform::identify_file(file_, now) && now.device == identity_.device &&
         now.inode == identity_.inode;
}

}  // namespace pymemflow::interpose
