#include "report/symbols/linux/mini_debug_data.h"

#include <algorithm>
#include <cstdint>

#include "report/base/private_library.h"

namespace pymemflow::report {
namespace {

constexpr std::size_t kMostBytes = std::size_t{64} << 20;
constexpr std::uint64_t kMostMemory = std::uint64_t{256} << 20;
constexpr int kOk = 0;         // LZMA_OK
constexpr int kTooSmall = 10;  // LZMA_BUF_ERROR

}  // namespace

String unpack_mini_debug_data(std::string_view packed) {
  const LzmaFunctions* const lzma = lzma_functions();
  if (lzma == nullptr) return {};
  String bytes;
  // The unpacked size is not in the section's header.
  for (std::size_t size = std::max<std::size_t>(8 * packed.size(), 1 << 16); size <= kMostBytes;
       size *= 4) {
    bytes.resize(size);
    std::uint64_t memory_limit = kMostMemory;
    std::size_t in_at = 0;
    std::size_t out_at = 0;
    const int outcome = lzma->decode(
        &memory_limit, 0, nullptr, reinterpret_cast<const std::uint8_t*>(packed.data()), &in_at,
        packed.size(), reinterpret_cast<std::uint8_t*>(bytes.data()), &out_at, size);
    if (outcome == kOk) {
      bytes.resize(out_at);
      return bytes;
    }
    if (outcome != kTooSmall) break;
  }
  return {};
}

}  // namespace pymemflow::report
