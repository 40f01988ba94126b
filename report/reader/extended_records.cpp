// The records among the events that are not calls of allocator functions.

#include <algorithm>

#include "report/reader/capture_reader.h"

namespace pymemflow::report {
namespace {

// Only the form is checked. A call that asks for impossible addresses was made, and has failed.
bool read_mapping(std::span<const Word> record, Event& event) {
  if (record.size() < 2) return false;
  event.mapping = mapping_of(record[1]);
  const std::size_t values = mapping_values(event.mapping.step);
  const auto function = static_cast<std::size_t>(event.mapping.function);
  if (values == 0 || record.size() != 2 + values || function >= kMappingFunctions) return false;
  event.site = extended_number(record[0]);
  const bool is_mapped = event.mapping.step == MappingStep::Mapped;
  const bool is_moved = values == kMaxMappingValues;
  event.arguments[0] = is_mapped ? 0 : record[2];
  event.arguments[1] = is_mapped ? 0 : record[3];
  event.arguments[2] = 0;
  event.result = 0;
  if (is_mapped || is_moved) {
    // The last two values.
    event.arguments[2] = record[values];
    event.result = record[values + 1];
  }
  return true;
}

bool read_memory(std::span<const Word> record, Event& event) {
  if (record.size() != kMemoryWords && record.size() != kMaxMemoryWords) return false;
  const bool has_heaps = record.size() == kMaxMemoryWords;
  event.kind = EventKind::Memory;
  event.site = kNoSite;
  event.stack = kNoStack;
  event.arguments[0] = resident_bytes(record[0]);
  event.arguments[1] = has_heaps ? record[1] : 0;
  event.arguments[2] = has_heaps ? record[2] : 0;
  event.result = 0;
  return true;
}

}  // namespace

bool CaptureReader::take_extended(Stream& stream, std::span<const Word> record, Event& event) {
  const ExtendedKind kind = extended_kind(record[0]);
  switch (kind) {
    case ExtendedKind::Thread:
      stream.thread = extended_number(record[0]);
      return false;
    case ExtendedKind::Entered:
    case ExtendedKind::Left:
      event.kind = kind == ExtendedKind::Entered ? EventKind::Entered : EventKind::Left;
      event.site = extended_number(record[0]);
      event.stack = kNoStack;
      event.result = 0;
      return true;
    case ExtendedKind::UsedStack:
    case ExtendedKind::UsedSite:
      if (take_used(stream, record)) return false;
      break;
    case ExtendedKind::Clock:
      if (read_clock(stream, record)) return false;
      break;
    case ExtendedKind::Mark:
      if (read_mark(record, event)) return true;
      break;
    case ExtendedKind::Memory:
      if (read_memory(record, event)) return true;
      break;
    case ExtendedKind::Gap:
      if (record.size() != kGapWords || (record[2] != 0 && record[2] < record[1])) break;
      ++gaps_;
      return false;
    case ExtendedKind::Sampling:
      if (record.size() != kSamplingWords) break;
      stream.is_sampled = record[1] != 0;
      return false;
    case ExtendedKind::BlockType:
      if (record.size() != kBlockTypeWords) break;
      return false;
    case ExtendedKind::Mapping:
      event.kind = EventKind::Mapping;
      event.stack = kNoStack;
      if (read_mapping(record, event) && (!stream.has_used || resolve(stream, event))) return true;
      break;
    default:
      break;  // a kind that is not allowed here, or a MoveEnd without its Move
  }
  ++damaged_;
  return false;
}

bool CaptureReader::take_used(Stream& stream, std::span<const Word> record) const {
  if (has_sites(head().frames) || record.size() != kUsedWords) return false;
  stream.has_used = true;
  UsedSite used = {kNoStack, extended_number(record[0])};
  if (extended_kind(record[0]) == ExtendedKind::UsedStack) {
    // Events with an unknown stack have no site either, and are left out.
    used = {used.site, names().line_of(used.site)};
  }
  stream.used.push_back(used);
  return true;
}

bool CaptureReader::read_mark(std::span<const Word> record, Event& event) {
  const std::size_t bytes = extended_number(record[0]);
  if (bytes > kMaxMarkName || record.size() != mark_words(bytes)) return false;
  const std::string_view name = {reinterpret_cast<const char*>(record.data() + 2), bytes};
  event.kind = EventKind::Mark;
  event.site = kNoSite;
  event.stack = kNoStack;
  event.result = 0;
  event.after_ns = record[1];
  event.name = mark_names_.try_emplace(String(name), true).first->first;
  return true;
}

bool CaptureReader::read_clock(Stream& stream, std::span<const Word> record) {
  if (record.size() > kMaxClockWords) return false;
  const std::uint64_t units = extended_number(record[0]);
  const std::uint64_t read_ns =
      record.size() == 1 ? stream.opened_ns + (units << kClockShift) : record[1];
  stream.clock_ns = std::max(stream.clock_ns, read_ns);
  return true;
}

}  // namespace pymemflow::report
