#include "interpose/recording/blocks/capture_file.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "interpose/recording/blocks/block_copies.h"
#include "platform/clock.h"
#include "platform/memory.h"

namespace pymemflow::interpose {
namespace {

constexpr std::size_t round_up(std::size_t bytes) {
  return (bytes + kFileAlignment - 1) & ~(kFileAlignment - 1);
}

bool is_same(const platform::FileIdentity& a, const platform::FileIdentity& b) {
  return a.device == b.device && a.inode == b.inode;
}

// False: the program closed the file, and its descriptor may mean another one now.
bool is_file(int file, const platform::FileIdentity& identity) {
  platform::FileIdentity now{};
  return file >= 0 && platform::identify_file(file, now) && is_same(now, identity);
}

// About a million events, and the names of their sites.
constexpr std::size_t kSpareBytes = std::size_t{16} << 20;

}  // namespace

int CaptureFile::create(const CaptureSettings& settings, std::uint32_t process,
                        bool is_forked_child) {
  close();
  is_copied_ = is_name_lost_ = is_windows_name_taken_ = false;
  spare_ = nullptr;
  spare_bytes_ = 0;
  spare_used_.store(0, std::memory_order_relaxed);
  written_.store(0, std::memory_order_relaxed);
  if (const int error = open(settings, process, is_forked_child)) return error;
  if (!platform::identify_file(file_, identity_)) return EBADF;
  if (!platform::identify_file(windows_, windows_identity_)) return EBADF;
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
    file_ = windows_ = platform::open_nameless_file();
    return file_ < 0 ? -file_ : 0;
  }
  const Suffix first = is_forked_child ? Suffix::WithoutNumber : Suffix::Never;
  int error = EEXIST;
  for (const Suffix suffix : {first, Suffix::Always}) {
    if (!name_.make(settings.name, process, suffix)) return ENAMETOOLONG;
    error = make_files();
    if (error != EEXIST) break;
  }
  constexpr unsigned kMostNames = 1000;
  for (unsigned number = 2; error == EEXIST && number <= kMostNames; ++number) {
    if (!name_.make(settings.name, process, Suffix::Always) || !name_.append(number)) {
      return ENAMETOOLONG;
    }
    error = make_files();
  }
  return error;
}

int CaptureFile::make_files() {
  windows_name_ = name_;
  if (!windows_name_.append(kWindowsSuffix)) return ENAMETOOLONG;
  file_ = windows_ = platform::make_file(name_.text);
  if (file_ < 0) return -file_;
  windows_ = platform::make_file(windows_name_.text);
  if (windows_ >= 0) return 0;
  const int error = -windows_;
  is_windows_name_taken_ = is_windows_name_taken_ || error == EEXIST;
  platform::remove_file(name_.text);
  platform::close_file(file_);
  file_ = windows_ = -1;
  return error;
}

int CaptureFile::write_head(const CaptureSettings& settings, std::uint32_t process,
                            bool is_forked_child) {
  if (const int error = platform::reserve_file(windows_, 0, kFileAlignment)) return error;
  // A forked child is paused if its parent was.
  const std::uint32_t paused = head_ == nullptr ? 0 : std::atomic_ref(*control_word()).load();
  char unseen[kUnseenFacts] = {};
  if (head_ != nullptr) std::memcpy(unseen, unseen_facts(), sizeof unseen);
  // A child shares the parent's pause only if it still lasts.
  unseen[static_cast<std::size_t>(Unseen::Stopped)] = static_cast<char>(paused != 0 ? kSet : 0);
  // Replaces the mapping of the parent: a hook that a signal interrupted may read its control word.
  head_ = static_cast<FileHead*>(platform::map_file(windows_, 0, kFileAlignment, head_));
  if (head_ == nullptr) return ENOMEM;
  FileHead head{};
  head.magic = kFileMagic;
  head.version = kFormatVersion;
  head.process = process;
  head.started_ns = started_ns_ = platform::realtime_ns();
  head.started_monotonic_ns = platform::monotonic_ns();
  head.ring_bytes = settings.ring_bytes;
  head.limit_bytes = limit_;
  head.mode = settings.mode;
  head.is_forked_child = is_forked_child ? 1 : 0;
  head.frames = frame_kind(settings.max_stack != 0, settings.has_domains);
  head.max_stack = settings.max_stack;
  head.checksum = checksum_of_start(head);
  *head_ = head;
  std::atomic_ref(*control_word()).store(paused);
  std::memcpy(unseen_facts(), unseen, sizeof unseen);
  if (!has_windows()) return 0;
  std::memcpy(reinterpret_cast<char*>(head_) + kHasWindowsOffset, &kSet, sizeof kSet);
  if (const int error = platform::write_file(file_, head_, kFileAlignment, 0)) return error;
  note_written(kFileAlignment);
  // Last: so a reader never takes an unfinished head.
  std::atomic_ref(head_->magic).store(kWindowsMagic, std::memory_order_release);
  return 0;
}

BlockHead* CaptureFile::map_blocks(std::size_t bytes, int& error) {
  if (uses_spare_) return take_spare(bytes, error);
  error = check();
  if (error != 0) return nullptr;
  std::uint64_t offset = 0;
  error = is_file(windows_, windows_identity_) ? claim(bytes, offset) : EBADF;
  if (error == 0) error = platform::reserve_file(windows_, offset, bytes);
  if (error != 0) return nullptr;
  auto* const block = static_cast<BlockHead*>(platform::map_file(windows_, offset, bytes));
  if (block == nullptr) {
    error = ENOMEM;
    return nullptr;
  }
  block->page = static_cast<std::uint32_t>(offset / kFileAlignment);
  return block;
}

bool CaptureFile::take_name(std::string_view path) {
  name_.text[0] = '\0';
  return name_.append(path);
}

void CaptureFile::remove_name() {
  platform::remove_name_of(identity_, name_.text);
  name_.text[0] = '\0';
}

void CaptureFile::set_end_unseen(bool is_unseen) {
  if (head_ == nullptr) return;
  auto* const word =
      reinterpret_cast<std::uint64_t*>(reinterpret_cast<char*>(head_) + kEndUnseenOffset);
  std::atomic_ref(*word).store(is_unseen ? kSet : 0, std::memory_order_relaxed);
}

void CaptureFile::note_unseen(Unseen fact) {
  if (head_ == nullptr) return;
  std::atomic_ref(unseen_facts()[static_cast<std::size_t>(fact)])
      .store(static_cast<char>(kSet), std::memory_order_relaxed);
}

bool CaptureFile::map_spare_blocks() {
  if (spare_ != nullptr) return true;
  // The disk or the limit may have room for fewer.
  for (std::size_t bytes = kSpareBytes; bytes >= kBlockBytes; bytes /= 2) {
    int error = 0;
    spare_ = reinterpret_cast<char*>(map_blocks(bytes, error));
    if (spare_ == nullptr) continue;
    spare_bytes_ = bytes;
    return true;
  }
  return false;
}

BlockHead* CaptureFile::take_spare(std::size_t bytes, int& error) {
  error = kForbidden;
  const std::size_t taken = spare_used_.fetch_add(bytes, std::memory_order_relaxed);
  if (taken > spare_bytes_ || bytes > spare_bytes_ - taken) return nullptr;
  return reinterpret_cast<BlockHead*>(spare_ + taken);
}

int CaptureFile::append(const BlockHead& block) {
  if (const int error = check()) return error;
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
  const std::uint64_t place = offset + offsetof(BlockHead, state);
  if (const int error = platform::write_file(file_, &state, sizeof state, place)) return error;
  note_written(offset + sizeof head + head.used_bytes);
  return 0;
}

void CaptureFile::count_lost() {
  if (head_ != nullptr) std::atomic_ref(head_->lost).fetch_add(1, std::memory_order_relaxed);
}

int CaptureFile::end(EndKind kind, int failure, std::uint64_t last_numbers) {
  if (head_ == nullptr) return failure;
  // A file that was truncated belongs to somebody else, however large it is by now.
  const int state = failure == kTruncated ? kTruncated : check();
  if (state == EBADF && !has_windows() && !uses_spare_) return failure;
  if (state == kTruncated && failure == 0) failure = kTruncated;
  is_copied_ = has_windows() && state == 0 && copy_windows();
  head_->failure = failure;
  head_->ended_ns = platform::realtime_ns();
  if (head_->ended_ns == 0) {  // under a filter; the other clock needs no system call
    head_->ended_ns = head_->started_ns + platform::monotonic_ns() - head_->started_monotonic_ns;
  }
  head_->file_bytes = state == 0 ? platform::file_bytes(file_) : 0;
  head_->last_numbers = last_numbers;
  head_->is_zero_elsewhere = is_copied_ ? 1 : 0;
  std::memset(head_->unseen, 0, sizeof head_->unseen);
  std::memcpy(head_->unseen, unseen_facts(), kUnseenFacts);
  FileHead head = *head_;
  head.end = kind;
  head_->end_checksum = checksum_of_end(head);
  std::atomic_ref(head_->end).store(kind, std::memory_order_release);
  is_copied_ = is_copied_ && write_own_head();
  if (!is_copied_) return failure;
  platform::FileState now{};
  const bool is_removed = platform::remove_name_of(windows_identity_, windows_name_.text);
  is_name_lost_ = is_removed && platform::look_at_file(file_, now) && now.names == 0;
  return failure;
}

bool CaptureFile::copy_windows() {
  return is_file(windows_, windows_identity_) && copy_blocks(windows_, file_) == 0;
}

// Leaves the rest of the page alone: the reporter writes there (MadeReport).
bool CaptureFile::write_own_head() {
  FileHead head = *head_;
  head.magic = kFileMagic;
  const std::uint32_t control = 0;
  char rest[kHeadPageEnd - kHasWindowsOffset] = {};
  if (head.end == EndKind::None) std::memcpy(rest, &kSet, sizeof kSet);
  return platform::write_file(file_, &head, sizeof head, 0) == 0 &&
         platform::write_file(file_, &control, sizeof control, kControlOffset) == 0 &&
         platform::write_file(file_, rest, sizeof rest, kHasWindowsOffset) == 0;
}

void CaptureFile::reopen() {
  reopen_in_memory();
  if (head_ == nullptr || !is_copied_ || check() != 0) return;
  is_copied_ = false;
  write_own_head();
}

void CaptureFile::reopen_in_memory() {
  if (head_ != nullptr) std::atomic_ref(head_->end).store(EndKind::None, std::memory_order_relaxed);
}

bool CaptureFile::is_windows_name_removed() const {
  platform::FileState now{};
  return has_windows() && is_file(windows_, windows_identity_) &&
         platform::look_at_file(windows_, now) && now.names == 0;
}

bool CaptureFile::begin_new_windows() {
  new_windows_ = platform::make_file(windows_name_.text);
  return new_windows_ >= 0 && platform::reserve_file(new_windows_, 0, kFileAlignment) == 0 &&
         platform::write_file(new_windows_, head_, kFileAlignment, 0) == 0 &&
         copy_blocks(windows_, new_windows_) == 0;
}

bool CaptureFile::reserve_again(BlockHead* block, std::size_t bytes) {
  return platform::reserve_file(new_windows_, block->page * kFileAlignment, bytes) == 0;
}

bool CaptureFile::map_again(BlockHead* block, std::size_t bytes) {
  return platform::map_file(new_windows_, block->page * kFileAlignment, bytes, block) != nullptr;
}

void CaptureFile::use_new_windows() {
  platform::map_file(new_windows_, 0, kFileAlignment, head_);
  platform::identify_file(new_windows_, windows_identity_);
  // Readers in this process keep the number.
  platform::move_file(new_windows_, windows_);
  new_windows_ = -1;
}

void CaptureFile::drop_new_windows() {
  platform::FileIdentity made{};
  if (new_windows_ < 0 || !platform::identify_file(new_windows_, made)) return;
  platform::remove_name_of(made, windows_name_.text);
  platform::close_file(new_windows_);
  new_windows_ = -1;
}

bool CaptureFile::is_own_descriptor(int number) const {
  if (number < 0 || (number != file_ && number != windows_)) return false;
  // Where system calls are forbidden, the file cannot be asked for.
  if (uses_spare_) return true;
  return is_file(number, number == file_ ? identity_ : windows_identity_);
}

bool CaptureFile::is_open() const {
  return is_own_descriptor(file_) &&
         (windows_descriptor() < 0 || is_own_descriptor(windows_descriptor()));
}

bool CaptureFile::replace_by_zeros(BlockHead* block, std::size_t bytes) {
  platform::map_private(bytes, block);
  return true;
}

void CaptureFile::remove() {
  if (name_.text[0] == '\0') return;
  platform::remove_name_of(identity_, name_.text);
  platform::remove_name_of(windows_identity_, windows_name_.text);
}

int CaptureFile::claim(std::size_t bytes, std::uint64_t& offset) {
  offset = end_.fetch_add(bytes, std::memory_order_relaxed);
  return offset + bytes > limit_ ? kLimitReached : 0;
}

int CaptureFile::check() const {
  // Before the size is read: other threads make the file longer meanwhile.
  const std::uint64_t written = written_.load(std::memory_order_acquire);
  platform::FileState now{};
  if (file_ < 0 || !platform::look_at_file(file_, now) || !is_same(now.identity, identity_)) {
    return EBADF;
  }
  return now.bytes < written || (written != 0 && has_windows() && !has_own_head()) ? kTruncated : 0;
}

// False: the file has new content, which may be longer than the old one was.
bool CaptureFile::has_own_head() const {
  FileHead head{};
  const long got = platform::read_file(file_, &head, sizeof head, 0);
  return got == long{sizeof head} && head.magic == kFileMagic && head.checksum == head_->checksum;
}

void CaptureFile::note_written(std::uint64_t end) {
  std::uint64_t before = written_.load(std::memory_order_relaxed);
  while (before < end && !written_.compare_exchange_weak(before, end, std::memory_order_release)) {
  }
}

void CaptureFile::close() {
  const bool has_second = has_windows() && is_file(windows_, windows_identity_);
  if (has_second) platform::close_file(windows_);
  if (is_file(file_, identity_)) platform::close_file(file_);
  file_ = windows_ = -1;
}

}  // namespace pymemflow::interpose
