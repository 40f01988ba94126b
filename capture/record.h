#pragma once
// The records of a capture: how events and definitions are written as 64-bit words. The recorder
// writes them and the reader decodes them (report/reader); no other code knows this layout. Pure
// functions, for any thread.
//
// The lowest three bits of a record's first word are its kind. That word is written last, so a
// record is either whole or absent. A zero word ends the records.
//
// The kinds of three bits are for calls and for the order of events, which are most of the records.
// All of these kinds are taken. Any other record is Extended and has a row in records.def.

#include <cstdint>

#include "capture/event.h"
#include "capture/last_sizes.h"

namespace pymemflow {

// The version of the capture file. Increases when readers of older versions would misread a block
// or a record.
inline constexpr std::uint32_t kFormatVersion = 4;

using Word = std::uint64_t;

enum class RecordKind : std::uint8_t {
  End = 0,
  Malloc = 1,  // [address, site] [bytes]
  Free = 2,    // [address, site]
  Calloc = 3,  // [address, site] [elements: 32 bits, bytes per element: 32 bits]
  Call = 4,    // [function, site] [arguments ...] [result, unless Effect::Release]
  Turn = 5,    // [stamp, TurnKind]: the events that follow come after those with a smaller stamp
  MallocAgain = 6,  // [address, place]: site and bytes of a Malloc before (LastSizes)
  Extended = 7,     // [kind, words, number] [payload ...]: records.def
};

// The kinds of Extended records, and in which blocks they stand.
enum class ExtendedKind : std::uint8_t {
#define PMF_RECORD(name, kind, stream) name = kind,
#include "capture/records.def"
#undef PMF_RECORD
};
enum class RecordStream : std::uint8_t { Nowhere, Events, Definitions };

constexpr RecordStream stream_of(ExtendedKind kind) {
  switch (kind) {
#define PMF_RECORD(name, number, stream) \
  case ExtendedKind::name:               \
    return RecordStream::stream;
#include "capture/records.def"
#undef PMF_RECORD
  }
  return RecordStream::Nowhere;
}

// The facts that a capture has about its process.
enum class MetadataKind : std::uint32_t {
  CommandLine = 1,    // the words, each followed by a zero byte
  PythonVersion = 2,  // "3.11.2"
  Host = 3,           // name, system, release and machine, one per line
  Options = 4,        // NAME=value, one per line
  Interpreter = 5,    // the file that contains the interpreter; empty: the program itself
  Layout = 6,         // the source of its offsets; if frames are not read, the reason
  Allocators = 7,     // the files that define malloc(), in the loader's order, one per line
};
inline constexpr std::string_view kKnownLayout = "known of its version";
inline constexpr std::string_view kPublishedLayout = "published by the interpreter";
inline constexpr std::size_t kMaxBuildIdBytes = 32;

inline constexpr int kKindBits = 3;
inline constexpr int kAddressBits = 44;  // of a 48-bit address that is a multiple of 16
inline constexpr int kShortSiteBits = 64 - kKindBits - kAddressBits;
inline constexpr SiteId kShortSites = SiteId{1} << kShortSiteBits;
static_assert(kShortSiteBits == LastSizes::kNumberBits);
inline constexpr unsigned kAlignmentShift = 4;

// Where calls of Python's allocators are recorded, the domain takes the uppermost bits of the
// site's number in Malloc, Free and Calloc.
enum class SiteNumbers : std::uint8_t { Plain, WithDomain };
inline constexpr int kDomainBits = 2;
inline constexpr int kDomainShift = kShortSiteBits - kDomainBits;
constexpr SiteId short_sites(SiteNumbers numbers) {
  return numbers == SiteNumbers::Plain ? kShortSites : SiteId{1} << kDomainShift;
}
constexpr SiteId short_number(SiteId site, Domain domain) {
  return site | static_cast<SiteId>(domain) << kDomainShift;
}
constexpr Domain domain_in(SiteId number) {
  return static_cast<Domain>(number >> kDomainShift);
}
constexpr SiteId site_in(SiteId number) {
  return number & (short_sites(SiteNumbers::WithDomain) - 1);
}

constexpr RecordKind kind_of(Word first) {
  return static_cast<RecordKind>(first & 7);
}

constexpr bool is_event(RecordKind kind) {
  return kind == RecordKind::Malloc || kind == RecordKind::MallocAgain ||
         kind == RecordKind::Free || kind == RecordKind::Calloc || kind == RecordKind::Call;
}

// Whether the address of a block, and its site, fit the head of Malloc, Free and Calloc.
constexpr bool fits_short(std::uint64_t address) {
  constexpr std::uint64_t kUnusable =
      ~(((std::uint64_t{1} << kAddressBits) - 1) << kAlignmentShift);
  return (address & kUnusable) == 0;
}
constexpr bool fits_short(std::uint64_t address, SiteId site) {
  return fits_short(address) && site < kShortSites;
}
// The address must fit. One shift brings it into its position.
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

// The source of a stamp (interpose/recording/turn.h).
enum class TurnKind : std::uint8_t {
  Exclusive = 0,  // no other writer has this stamp, and what is recorded later has a greater one
  Shared = 1,     // what other writers record later may have a smaller stamp
  Epoch = 2,      // what is recorded later has this stamp or a greater one
};
inline constexpr int kTurnKindBits = 2;
// Stamps of epochs are times, in units of 2^6 ns since the start.
inline constexpr int kStampShift = 6;

constexpr Word turn_head(std::uint64_t stamp, TurnKind kind) {
  return static_cast<Word>(RecordKind::Turn) | static_cast<Word>(kind) << kKindBits |
         stamp << (kKindBits + kTurnKindBits);
}
constexpr std::uint64_t stamp_of(Word head) {
  return head >> (kKindBits + kTurnKindBits);
}
constexpr TurnKind turn_kind(Word head) {
  return static_cast<TurnKind>(head >> kKindBits & 3);
}

// `words` includes the head.
constexpr Word extended_head(ExtendedKind kind, std::size_t words, std::uint32_t number) {
  return static_cast<Word>(RecordKind::Extended) | static_cast<Word>(kind) << kKindBits |
         static_cast<Word>(words) << 8 | static_cast<Word>(number) << 32;
}
constexpr ExtendedKind extended_kind(Word head) {
  return static_cast<ExtendedKind>(head >> kKindBits & 0x1f);
}
constexpr std::size_t extended_words(Word head) {
  return head >> 8 & 0xffffff;
}
constexpr std::uint32_t extended_number(Word head) {
  return static_cast<std::uint32_t>(head >> 32);
}

inline constexpr std::size_t kMoveEndWords = 2;
inline constexpr Word kMoveEndHead = extended_head(ExtendedKind::MoveEnd, kMoveEndWords, 0);

// A clock reading. As a rule it is one word, with the time since the block was opened in units of
// 2^kClockShift ns; if that does not fit 32 bits, CLOCK_MONOTONIC follows in a second word.
inline constexpr int kClockShift = 6;
inline constexpr std::size_t kMaxClockWords = 2;
// The words after which a writer reads the clock again. An event has at least one word.
inline constexpr std::size_t kClockDistance = 256;

// A node of the tree of stacks.
inline constexpr std::size_t kStackWords = 2;
inline constexpr std::size_t kUsedWords = 1;
constexpr Word stack_head(StackId stack) {
  return extended_head(ExtendedKind::Stack, kStackWords, stack);
}
// An entry of the table of the block: its index is 1 in the first such record of the block, and one
// more in each that follows.
constexpr Word used_stack(StackId stack) {
  return extended_head(ExtendedKind::UsedStack, kUsedWords, stack);
}
constexpr Word used_site(SiteId site) {
  return extended_head(ExtendedKind::UsedSite, kUsedWords, site);
}

constexpr Word probe_head(EventKind kind, SiteId site) {
  const bool is_entry = kind == EventKind::Entered;
  return extended_head(is_entry ? ExtendedKind::Entered : ExtendedKind::Left, 1, site);
}

// A call of mmap() or its family. The number is that of the site, as in the records of calls.
inline constexpr std::size_t kMaxMappingWords = 2 + kMaxMappingValues;
constexpr Word mapping_head(MappingStep step, SiteId site) {
  return extended_head(ExtendedKind::Mapping, 2 + mapping_values(step), site);
}

// The resident set of the process when the record was written; at a mark also the state of the C
// library's heaps. Its number of 32 bits is enough for 16 TiB.
inline constexpr int kResidentShift = 12;
inline constexpr std::size_t kMemoryWords = 1;
inline constexpr std::size_t kMaxMemoryWords = 3;
constexpr Word memory_head(std::uint64_t resident_bytes, std::size_t words = kMemoryWords) {
  return extended_head(ExtendedKind::Memory, words,
                       static_cast<std::uint32_t>(resident_bytes >> kResidentShift));
}
constexpr std::uint64_t resident_bytes(Word head) {
  return std::uint64_t{extended_number(head)} << kResidentShift;
}

// A time of which the record has no calls, of no thread.
enum class GapKind : std::uint32_t {
  Detached = 1,  // the library was taken out of the process, and put in again
};
inline constexpr std::size_t kGapWords = 3;
inline constexpr std::size_t kSamplingWords = 2;
inline constexpr std::size_t kBlockTypeWords = 2;

// The name of a thread from a stamp on, without the zeros behind it: at least one word of it.
inline constexpr std::size_t kMaxThreadName = 63;
inline constexpr std::size_t kMinThreadNameWords = 3;
inline constexpr std::size_t kMaxThreadNameWords =
    2 + (kMaxThreadName + sizeof(Word) - 1) / sizeof(Word);

inline constexpr std::size_t kMaxMarkName = 255;
constexpr std::size_t mark_words(std::size_t name_bytes) {
  return 2 + (name_bytes + sizeof(Word) - 1) / sizeof(Word);
}
constexpr Word mark_head(std::size_t name_bytes) {
  return extended_head(ExtendedKind::Mark, mark_words(name_bytes),
                       static_cast<std::uint32_t>(name_bytes));
}

// The number of words of the record that begins with `first`; 0: there is no such record.
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
    case RecordKind::Extended:
      return extended_words(first);
    case RecordKind::Free:
    case RecordKind::MallocAgain:
    case RecordKind::Turn:
      break;
  }
  return 1;
}

// A long text comes in pieces. The head of a piece has its size, its index (from 0), and whether it
// is the last one.
constexpr Word piece_head(std::size_t bytes, std::uint32_t index, bool is_last) {
  return bytes | static_cast<Word>(index) << 32 | static_cast<Word>(is_last) << 63;
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

// The second word of a Stack.
constexpr Word stack_payload(const StackNode& node) {
  return pair(node.parent, node.site);
}
constexpr StackNode stack_node(Word payload) {
  return {low_half(payload), high_half(payload)};
}

// Decodes a whole record for which is_event() holds, but for its thread, stack and time, which are
// not in the record. In captures of FrameKind::Stacks, Event::site is the index in the table of the
// block. `sizes` has taken all records of the block before it. False: the record is damaged.
inline bool read_event(const Word* record, SiteNumbers numbers, LastSizes& sizes, Event& event) {
  const Word head = record[0];
  SiteId place = 0;
  event.arguments[1] = 0;
  event.arguments[2] = 0;
  event.site = short_site(head);
  event.result = short_address(head);
  switch (kind_of(head)) {
    case RecordKind::Malloc:
      event.function = Function::malloc;
      event.arguments[0] = record[1];
      sizes.repeats(event.site, record[1], place);
      break;
    case RecordKind::MallocAgain:
      event.function = Function::malloc;
      // Its place becomes its site.
      if (!sizes.find(event.site, event.arguments[0])) return false;
      break;
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
      return true;
    }
  }
  if (numbers == SiteNumbers::WithDomain) {
    event.function = in_domain(event.function, domain_in(event.site));
    event.site = site_in(event.site);
  }
  return true;
}

}  // namespace pymemflow
