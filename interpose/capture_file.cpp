#include "interpose/capture_file.h"

#include <algorithm>
#include <cerrno>

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
      settings.limit_bytes != 0 ? settings.limit_bytes : platform::free_bytes_for(file_) / 2;
  limit_ = std::min(asked, platform::allowed_file_bytes());
  const FileHead head = {kFileMagic, kFormatVersion, process, platform::realtime_ns()};
  end_.store(kFileAlignment, std::memory_order_relaxed);
  if (const int error = platform::reserve_file(file_, 0, kFileAlignment)) return error;
  return platform::write_file(file_, &head, sizeof head, 0);
}

int CaptureFile::open(const CaptureSettings& settings, std::uint32_t process,
                      bool is_forked_child) {
  using Suffix = CaptureName::Suffix;
  name_.text[0] = '\0';
  if (settings.name.empty()) {
    file_ = platform::open_nameless_file();
    return file_ < 0 ? ENOENT : 0;
  }
  const Suffix first = is_forked_child ? Suffix::WithoutNumber : Suffix::Never;
  for (const Suffix suffix : {first, Suffix::Always}) {
    if (!name_.make(settings.name, process, suffix)) return ENAMETOOLONG;
    file_ = platform::make_file(name_.text);
    if (file_ != -EEXIST) break;
  }
  return file_ < 0 ? -file_ : 0;
}

BlockHead* CaptureFile::map_window(int& error) {
  error = EBADF;
  if (!is_still_ours()) return nullptr;
  std::uint64_t offset = 0;
  error = claim(kBlockBytes, offset);
  if (error == 0) error = platform::reserve_file(file_, offset, kBlockBytes);
  if (error != 0) return nullptr;
  auto* const block = static_cast<BlockHead*>(platform::map_file(file_, offset, kBlockBytes));
  if (block == nullptr) {
    error = ENOMEM;
    return nullptr;
  }
  block->magic = kBlockMagic;
  return block;
}

int CaptureFile::append(const BlockHead& block) {
  if (!is_still_ours()) return EBADF;
  const std::size_t bytes = sizeof block + block.used_bytes;
  std::uint64_t offset = 0;
  if (const int error = claim(round_up(bytes), offset)) return error;
  // The records first: a copy without its head is no block.
  const auto* const records = reinterpret_cast<const char*>(&block + 1);
  if (const int error =
          platform::write_file(file_, records, block.used_bytes, offset + sizeof block)) {
    return error;
  }
  BlockHead head = block;
  head.state = BlockState::Sealed;
  return platform::write_file(file_, &head, sizeof head, offset);
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
