#include "interpose/unwind/function_parts.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "interpose/unwind/linux/frame_program.h"
#include "interpose/unwind/linux/unwind_module.h"

namespace pymemflow::interpose {
namespace {

std::optional<FrameEntry> entry_at(std::uintptr_t address) {
  const std::optional<UnwindModule> module = find_unwind_module(address);
  return module ? find_frame_entry(module->search_table, module->segment, address) : std::nullopt;
}

CodeRange range_of(const FrameEntry& entry) {
  return {entry.start, entry.start + entry.code_bytes};
}

template <typename Number>
Number read_at(std::uintptr_t place) {
  Number number;
  std::memcpy(&number, reinterpret_cast<const void*>(place), sizeof number);
  return number;
}

// Calls visit(place, target) for what may be a direct jump in the code. On x86-64, bytes in the
// middle of an instruction are taken for jumps too.
template <typename Visit>
void visit_jumps(CodeRange code, Visit visit) {
#if defined(__x86_64__)
  constexpr std::uintptr_t kLongest = 6;
  for (std::uintptr_t place = code.start; place + kLongest <= code.end; ++place) {
    const auto first = read_at<unsigned char>(place);
    std::uintptr_t bytes = 0;
    if (first == 0xe9) bytes = 5;                                                        // jmp
    if (first == 0x0f && (read_at<unsigned char>(place + 1) & 0xf0) == 0x80) bytes = 6;  // jcc
    if (bytes == 0) continue;
    const auto distance = std::intptr_t{read_at<std::int32_t>(place + bytes - 4)};
    visit(place, place + bytes + static_cast<std::uintptr_t>(distance));
  }
#else
  for (std::uintptr_t place = code.start; place + 4 <= code.end; place += 4) {
    const auto word = read_at<std::uint32_t>(place);
    const auto target = [&](int bit, int bits) {
      const auto moved = static_cast<std::int32_t>(word << (32 - bit - bits)) >> (32 - bits);
      return place + static_cast<std::uintptr_t>(std::intptr_t{moved} * 4);
    };
    if ((word & 0xfc000000) == 0x14000000) visit(place, target(0, 26));                    // b
    const bool is_conditional = (word & 0xff000010) == 0x54000000;                         // b.cond
    if (is_conditional || (word & 0x7e000000) == 0x34000000) visit(place, target(5, 19));  // cbz
    if ((word & 0x7e000000) == 0x36000000) visit(place, target(5, 14));                    // tbz
  }
#endif
}

// Whether two rows find the caller in one way.
bool are_equal(const FrameRow& a, const FrameRow& b) {
  return a.cfa.base == b.cfa.base && a.cfa.offset == b.cfa.offset &&
         a.cfa.is_loaded == b.cfa.is_loaded && a.cfa.added == b.cfa.added;
}

}  // namespace

// A part that was moved continues with the frame that the function has at its jump there, where
// another function would begin without a frame.
std::size_t find_function_parts(std::uintptr_t function, std::span<CodeRange> parts) {
  const std::optional<FrameEntry> entry = entry_at(function);
  if (!entry || entry->start != function || parts.empty()) return 0;
  const std::optional<FrameRow> at_start = run_frame_program(*entry, function);
  if (!at_start) return 0;
  parts[0] = range_of(*entry);
  std::size_t count = 1;
  visit_jumps(parts[0], [&](std::uintptr_t place, std::uintptr_t target) {
    const auto holds_target = [target](const CodeRange& part) {
      return target >= part.start && target < part.end;
    };
    const std::span<const CodeRange> known = parts.first(count);
    const bool is_known = std::any_of(known.begin(), known.end(), holds_target);
    if (is_known || count == parts.size()) return;
    const std::optional<FrameEntry> other = entry_at(target);
    if (!other) return;
    const std::optional<FrameRow> row = run_frame_program(*other, other->start);
    if (!row || are_equal(*row, *at_start)) return;
    const std::optional<FrameRow> before = run_frame_program(*entry, place);
    const std::optional<FrameRow> behind = run_frame_program(*other, target);
    if (before && behind && are_equal(*before, *behind)) parts[count++] = range_of(*other);
  });
  return count;
}

}  // namespace pymemflow::interpose
