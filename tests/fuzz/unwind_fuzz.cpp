// Compiles unwind rules from arbitrary bytes: nothing outside of the bytes is read.
//
//   4 bytes   the address, relative to the bytes that follow
//   the rest  .eh_frame_hdr, and .eh_frame behind it

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>

#include "interpose/unwind/linux/frame_entry.h"
#include "interpose/unwind/linux/frame_program.h"
#include "interpose/unwind/linux/rule.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t bytes) {
  using namespace pymemflow::interpose;
  std::int32_t distance = 0;
  if (bytes < sizeof distance) return 0;
  std::memcpy(&distance, input, sizeof distance);
  const std::size_t count = bytes - sizeof distance;
  // A copy of its own, so that a read beyond its end is found.
  const auto copy = std::make_unique<unsigned char[]>(count);
  std::memcpy(copy.get(), input + sizeof distance, count);
  const Bytes segment(copy.get(), count);
  const auto address = reinterpret_cast<std::uintptr_t>(copy.get()) +
                       static_cast<std::uintptr_t>(std::int64_t{distance});
  const std::optional<FrameEntry> entry = find_frame_entry(segment, segment, address);
  if (!entry) return 0;
  if (address - entry->start >= entry->code_bytes) std::abort();
  const std::optional<Rule> rule = compile_rule(*entry, address);
  if (rule && (rule->kind == 0 || rule->pc_offset == 0)) std::abort();
  if (rule) static_cast<void>(pack(*rule));
  return 0;
}
