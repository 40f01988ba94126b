#pragma once
// How events and definitions are written as 64-bit words, in the order in which one thread made
// them. The recorder writes them, the reader (report/reader/capture_reader.h) takes them apart;
// nothing else knows this layout. Pure functions; any thread.
//
// The lowest three bits of a record's first word say what it is, and that word is written last, so
// that a record is either whole or not there. A zero word ends what was written.

#include <cstdint>

#include "capture/event.h"
#include "capture/last_sizes.h"

namespace pymemflow {

using Word = std::uint64_t;

enum class RecordKind : std::uint8_t {
  End = 0,
  Malloc = 1,       // [address|site] [bytes]
  Free = 2,         // [address|site]
  Calloc = 3,       // [address|site] [elements:32|bytes an element:32]
  Call = 4,         // [function|site] [arguments …] [result, unless Effect::Release]
  Turn = 5,         // [stamp]: what follows happened after all that bears a smaller stamp
  MallocAgain = 6,  // [address|site]: of as many bytes as the site's last one (LastSizes)
  Definition = 7,   // [what|words|number] [payload …]
};

// What a Definition gives a name to, and its payload. Thread, MoveEnd and the last three stand
// among the events, the others in blocks of their own.
enum class DefinitionKind : std::uint8_t {
  Text = 1,    // number: text.    [piece_head()] [bytes, padded]; the pieces of a text in order
  Code = 2,    // number: code.    [filename text|name text] [line-table text|first line] [format]
  Site = 3,    // number: site.    [code|instruction]
  Caller = 4,  // number: site.    [return address] [path text of the module there, or 0]
  Module =
      5,  // number: text of the path. [start] [end] [offset] [bytes of the build id] [build id]
  Thread = 6,      // number: the kernel's thread id of the writer from here on
  Metadata = 7,    // number: a MetadataKind. As Text: a fact about the process
  MoveEnd = 8,     // [stamp]: the Move before it was under way until this stamp
  Entered = 9,     // number: site. A Python function was entered there
  Left = 10,       // number: site. A Python function was left there
  NamedMark = 11,  // number: bytes of the name. [CLOCK_MONOTONIC] [name, padded with zeros]
};

// What a capture says of its process.
enum class MetadataKind : std::uint32_t {
  CommandLine = 1,    // the words, each with a zero at its end
  PythonVersion = 2,  // "3.11.2"
  Host = 3,           // name, system, release and machine, a line each
  Options = 4,        // NAME=value, a line each
  Interpreter = 5,    // the file that has it; empty: the program itself
  Layout = 6,         // where its offsets are from; else why its frames are not read
  Allocators = 7,     // the files that define malloc(), in the loader's order, a line each
};
inline constexpr std::string_view kKnownLayout = "known of its version";
inline constexpr std::string_view kPublishedLayout = "published by the interpreter";
inline constexpr std::size_t kMaxBuildIdBytes = 32;

inline constexpr int kKindBits = 3;
inline constexpr int kAddressBits = 44;  // of a 48-bit address that is a multiple of 16
inline constexpr int kShortSiteBits = 64 - kKindBits - kAddressBits;
inline constexpr SiteId kShortSites = SiteId{1} << kShortSiteBits;
inline constexpr unsigned kAlignmentShift = 4;

constexpr RecordKind kind_of(Word first) {
  return static_cast<RecordKind>(first & 7);
}

constexpr bool is_event(RecordKind kind) {
  return kind == RecordKind::Malloc || kind == RecordKind::MallocAgain ||
         kind == RecordKind::Free || kind == RecordKind::Calloc || kind == RecordKind::Call;
}

// Whether a block's address, and its site, fit the one-word head of Malloc, Free and Calloc.
constexpr bool fits_short(std::uint64_t address) {
  constexpr std::uint64_t kUnusable =
      ~(((std::uint64_t{1} << kAddressBits) - 1) << kAlignmentShift);
  return (address & kUnusable) == 0;
}
constexpr bool fits_short(std::uint64_t address, SiteId site) {
  return fits_short(address) && site < kShortSites;
}
// The address must fit: it lies then where one shift brings it.
constexpr Word short_head(RecordKind kind, std::uint64_t address, SiteId site) {
  return static_cast<Word>(kind) | address >> (kAlignmentShift - kKindBits) |
         static_cast<Word>(site) << (kKindBits + kAddressBits);
}
constexpr std::uint64_t short_address(Word head) {
  return (head >> kKindBits & ((std::uint64_t{1} << kAddressBits) - 1)) << kAlignmentShift;
}
constexpr SiteId short_site(Word head) {
  return static_cast<SiteId>(head >> (kKindBits + kAddressBits));
}

constexpr Word call_head(Function function, SiteId site) {
  return static_cast<Word>(RecordKind::Call) | static_cast<Word>(function) << kKindBits |
         static_cast<Word>(site) << 32;
}
constexpr std::size_t call_function(Word head) {
  return head >> kKindBits & 0xff;
}
constexpr SiteId call_site(Word head) {
  return static_cast<SiteId>(head >> 32);
}
constexpr std::size_t call_words(const FunctionTraits& function) {
  return 1 + function.arguments.size() + (function.effect == Effect::Release ? 0 : 1);
}
inline constexpr std::size_t kMaxCallWords = 2 + kMaxArguments;

constexpr Word turn_head(std::uint64_t stamp) {
  return static_cast<Word>(RecordKind::Turn) | stamp << kKindBits;
}
constexpr std::uint64_t stamp_of(Word head) {
  return head >> kKindBits;
}

// `words` counts the head.
constexpr Word definition_head(DefinitionKind what, std::size_t words, std::uint32_t number) {
  return static_cast<Word>(RecordKind::Definition) | static_cast<Word>(what) << kKindBits |
         static_cast<Word>(words) << 8 | static_cast<Word>(number) << 32;
}
inline constexpr std::size_t kMoveEndWords = 2;
constexpr Word probe_head(EventKind kind, SiteId site) {
  const bool is_entry = kind == EventKind::Entered;
  return definition_head(is_entry ? DefinitionKind::Entered : DefinitionKind::Left, 1, site);
}
inline constexpr std::size_t kMaxMarkName = 255;
constexpr std::size_t mark_words(std::size_t name_bytes) {
  return 2 + (name_bytes + sizeof(Word) - 1) / sizeof(Word);
}
constexpr Word mark_head(std::size_t name_bytes) {
  return definition_head(DefinitionKind::NamedMark, mark_words(name_bytes),
                         static_cast<std::uint32_t>(name_bytes));
}
constexpr DefinitionKind definition_kind(Word head) {
  return static_cast<DefinitionKind>(head >> kKindBits & 0x1f);
}
constexpr std::size_t definition_words(Word head) {
  return head >> 8 & 0xffffff;
}
constexpr std::uint32_t definition_number(Word head) {
  return static_cast<std::uint32_t>(head >> 32);
}

// The words of the record that begins with `first`; 0: there is no such record.
constexpr std::size_t record_words(Word first) {
  switch (kind_of(first)) {
    case RecordKind::End:
      return 0;
    case RecordKind::Malloc:
    case RecordKind::Calloc:
      return 2;
    case RecordKind::Call: {
      const std::size_t function = call_function(first);
      return function < kFunctionCount ? call_words(kFunctions[function]) : 0;
    }
    case RecordKind::Definition:
      return definition_words(first);
    case RecordKind::Free:
    case RecordKind::MallocAgain:
    case RecordKind::Turn:
      break;
  }
  return 1;
}

// Of a piece of a text: its size, its place among the pieces (from 0), and whether it is the last.
constexpr Word piece_head(std::size_t bytes, std::uint32_t place, bool is_last) {
  return bytes | static_cast<Word>(place) << 32 | static_cast<Word>(is_last) << 63;
}
constexpr std::size_t piece_bytes(Word head) {
  return head & 0xffffffff;
}
constexpr std::uint32_t piece_index(Word head) {
  return static_cast<std::uint32_t>(head >> 32 & 0x7fffffff);
}
constexpr bool is_last_piece(Word head) {
  return head >> 63 != 0;
}

constexpr Word pair(std::uint32_t low, std::uint32_t high) {
  return low | static_cast<Word>(high) << 32;
}
constexpr std::uint32_t low_half(Word word) {
  return static_cast<std::uint32_t>(word);
}
constexpr std::uint32_t high_half(Word word) {
  return static_cast<std::uint32_t>(word >> 32);
}

// The event of a whole record for which is_event() holds; its thread stands elsewhere. `sizes`
// knows of all events of the block before it. False: the size is not known, so the record is not
// right.
inline bool read_event(const Word* record, LastSizes& sizes, Event& event) {
  const Word head = record[0];
  event.arguments[1] = 0;
  event.arguments[2] = 0;
  event.site = short_site(head);
  event.result = short_address(head);
  switch (kind_of(head)) {
    case RecordKind::Malloc:
      event.function = Function::malloc;
      event.arguments[0] = record[1];
      sizes.repeats(event.site, record[1]);
      break;
    case RecordKind::MallocAgain:
      event.function = Function::malloc;
      return sizes.find(event.site, event.arguments[0]);
    case RecordKind::Free:
      event.function = Function::free;
      event.arguments[0] = event.result;
      event.result = 0;
      break;
    case RecordKind::Calloc:
      event.function = Function::calloc;
      event.arguments[0] = low_half(record[1]);
      event.arguments[1] = high_half(record[1]);
      break;
    default: {
      event.function = static_cast<Function>(call_function(head));
      event.site = call_site(head);
      const FunctionTraits& function = traits(event.function);
      const std::size_t count = function.arguments.size();
      for (std::size_t i = 0; i < count; ++i) event.arguments[i] = record[1 + i];
      if (count == 0) event.arguments[0] = 0;
      event.result = function.effect == Effect::Release ? 0 : record[1 + count];
    }
  }
  return true;
}

}  // namespace pymemflow
