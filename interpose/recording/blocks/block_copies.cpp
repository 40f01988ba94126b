#include "interpose/recording/blocks/block_copies.h"

#include <cerrno>
#include <cstring>

#include "capture/block.h"
#include "platform/files.h"

namespace pymemflow::interpose {
namespace {

// Not on the stack, which may be small.
constinit char buffer[kBlockBytes] = {};

// The bytes of the block that a reader needs: the rest of a closed one is zeros.
std::size_t needed_bytes(const BlockHead& head) {
  if (head.state == BlockState::Emptied) return sizeof head;
  return head.state == BlockState::Closed ? sizeof head + head.used_bytes : head.extent_bytes;
}

bool is_block(const BlockHead& head) {
  const bool has_extent =
      head.extent_bytes == kBlockBytes || head.extent_bytes == kDefinitionBlockBytes;
  return head.magic == kBlockMagic && has_extent && needed_bytes(head) <= head.extent_bytes;
}

int copy_block(int from, int to, std::uint64_t offset, std::size_t bytes) {
  const long got = platform::read_file(from, buffer, bytes, offset);
  if (got < 0) return static_cast<int>(-got);
  // Another program has cut the file off.
  if (static_cast<std::size_t>(got) < bytes) return EIO;
  return platform::write_file(to, buffer, bytes, offset);
}

}  // namespace

int copy_blocks(int from, int to) {
  std::uint64_t offset = kFileAlignment;
  while ((offset = platform::next_data(from, offset)) != platform::kNoData) {
    offset -= offset % kFileAlignment;
    BlockHead head;
    const long got = platform::read_file(from, &head, sizeof head, offset);
    if (got < 0) return static_cast<int>(-got);
    if (static_cast<std::size_t>(got) < sizeof head) break;
    if (!is_block(head)) {
      offset += kFileAlignment;
      continue;
    }
    if (const int error = copy_block(from, to, offset, needed_bytes(head))) return error;
    offset += head.extent_bytes;
  }
  return 0;
}

}  // namespace pymemflow::interpose
