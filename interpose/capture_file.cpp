#include "interpose/capture_file.h"

#include <cerrno>

namespace pymemflow::interpose {
namespace {

constexpr std::size_t round_up(std::size_t bytes) {
  return (bytes + kFileAlignment - 1) & ~(kFileAlignment - 1);
}

}  // namespace

int CaptureFile::create(std::uint32_t process) {
  if (is_still_ours()) platform::close_file(file_);
  file_ = platform::open_nameless_file();
  if (file_ < 0) return ENOENT;
  if (!platform::identify_file(file_, identity_)) return EBADF;
  const FileHead head = {kFileMagic, kFormatVersion, process, platform::realtime_ns()};
  end_.store(kFileAlignment, std::memory_order_relaxed);
  if (const int error = platform::reserve_file(file_, 0, kFileAlignment)) return error;
  return platform::write_file(file_, &head, sizeof head, 0);
}

BlockHead* CaptureFile::map_window(int& error) {
  error = EBADF;
  if (!is_still_ours()) return nullptr;
  const std::uint64_t offset = claim(kBlockBytes);
  error = platform::reserve_file(file_, offset, kBlockBytes);
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
  const std::uint64_t offset = claim(round_up(bytes));
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

std::uint64_t CaptureFile::claim(std::size_t bytes) {
  return end_.fetch_add(bytes, std::memory_order_relaxed);
}

bool CaptureFile::is_still_ours() const {
  platform::FileIdentity now{};
  return file_ >= 0 && platform::identify_file(file_, now) && now.device == identity_.device &&
         now.inode == identity_.inode;
}

}  // namespace pymemflow::interpose
