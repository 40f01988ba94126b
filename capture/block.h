#pragma once
// The layout of the capture file: a head page, and then blocks. A block has one kind and one writer
// (a thread of the process), and a number that counts from 1 per kind and writer. The recorder
// makes such files; the reader trusts nothing in them. docs/internals/capture-format.md is the
// reference.
//
// Events. A writer fills its *window*, a block that stays mapped. A full window is handled by mode
// (RecordMode). Full: the window is appended to the file as a sealed copy and then used again,
// under the next number:
//   1. the copy is complete in the file        state of the window: Open
//   2. the window's state becomes Emptied      (its records are now in the copy alone)
//   3. its records are set to zero
//   4. number, stamp and thread of the next block, state Open
// So every record is in an Open, a Closed or a Sealed block at any moment at which the process may
// be killed. A record that is in two blocks is in two of the same number. Ring: the window is
// closed where it is, and the writer's oldest block becomes the window, by the steps 2 to 4. Sums:
// the window is folded into the writer's sums (interpose/recording/blocks/sum_table.h), which count
// from step 2 on.
//
// A capture with a name is written by write calls alone, since a file that is cut off under a
// mapping ends the program that has mapped it. All that is mapped - the head page, and every block
// but the sealed copies - lies in a second file beside it, NAME.windows, at the offsets that it has
// in the capture. At the end these blocks are copied to the capture and the second file is removed.
// Until then, and after a kill, a reader reads both files as one.
//
// Definitions have blocks of their own. A full one is closed in its position and is never used
// again, so names outlive the events that refer to them. All definitions of a file are read before
// its first event.

#include <cstddef>
#include <cstdint>

#include "capture/record.h"

namespace pymemflow {

inline constexpr std::size_t kBlockBytes = std::size_t{64} << 10;  // of events and sums
inline constexpr std::size_t kDefinitionBlockBytes = std::size_t{32} << 10;
inline constexpr std::size_t kFileAlignment = 4096;  // every block begins at a multiple of it
inline constexpr std::uint64_t kFileMagic = 0x31574f4c464d5950;     // "PYMFLOW1"
inline constexpr std::uint64_t kWindowsMagic = 0x314e4957464d5950;  // "PYMFWIN1"
// Marks the beginning of a compressed capture (report/compression).
inline constexpr std::uint64_t kCompressedMagic = 0x315a4c464d5950;  // "PYMFLZ1"
inline constexpr std::uint64_t kBlockMagic = 0x4b434f4c424d5950;     // "PYMBLOCK"

// Codes of four letters: one flipped bit does not turn a code into another.
constexpr std::uint32_t letters(const char (&text)[5]) {
  return static_cast<std::uint32_t>(text[0]) | static_cast<std::uint32_t>(text[1]) << 8 |
         static_cast<std::uint32_t>(text[2]) << 16 | static_cast<std::uint32_t>(text[3]) << 24;
}

enum class RecordMode : std::uint32_t {
  Full = letters("full"),  // every event
  Ring = letters("ring"),  // the last events of each writer
  Sums = letters("sums"),  // counts and sizes of events instead of events
};

// The meaning of the number of a site in the records of calls.
enum class FrameKind : std::uint32_t {
  Sites = letters("site"),   // the running line: the number of a Site or Caller
  Stacks = letters("stck"),  // an index in the table of the block (UsedStack, UsedSite)
  // The same, and in short records the domain (SiteNumbers::WithDomain).
  SitesAndDomains = letters("sitd"),
  StacksAndDomains = letters("stcd"),
};

constexpr FrameKind frame_kind(bool has_stacks, bool has_domains) {
  if (has_domains) return has_stacks ? FrameKind::StacksAndDomains : FrameKind::SitesAndDomains;
  return has_stacks ? FrameKind::Stacks : FrameKind::Sites;
}
constexpr bool has_sites(FrameKind kind) {
  return kind == FrameKind::Sites || kind == FrameKind::SitesAndDomains;
}
constexpr bool has_stacks(FrameKind kind) {
  return kind == FrameKind::Stacks || kind == FrameKind::StacksAndDomains;
}
constexpr SiteNumbers site_numbers(FrameKind kind) {
  const bool has_domains =
      kind == FrameKind::SitesAndDomains || kind == FrameKind::StacksAndDomains;
  return has_domains ? SiteNumbers::WithDomain : SiteNumbers::Plain;
}

// The way in which the recording ended.
enum class EndKind : std::uint32_t {
  None = 0,  // it goes on, or the process was killed
  Exit = letters("exit"),
  Exec = letters("exec"),  // the process became another program, or tried to
};

struct FileHead {
  // Written once, and covered by `checksum`.
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t process;               // process id
  std::uint64_t started_ns;            // CLOCK_REALTIME
  std::uint64_t started_monotonic_ns;  // CLOCK_MONOTONIC, of which BlockHead::opened_ns is
  std::uint64_t ring_bytes;            // per writer, as requested
  std::uint64_t limit_bytes;           // of the file
  RecordMode mode;
  std::uint32_t is_forked_child;
  FrameKind frames;
  std::uint32_t max_stack;  // frames that a stack may have; 0 if there are none
  std::uint64_t checksum;
  // The following fields change while the process runs. `end_checksum` covers them once it has
  // ended.
  std::uint64_t lost;    // events for which there was no writer to count them
  std::int32_t failure;  // error number, or kLimitReached, for which the recording stopped; or 0
  EndKind end;
  std::uint64_t ended_ns;      // CLOCK_REALTIME
  std::uint64_t file_bytes;    // the file's size then
  std::uint64_t last_numbers;  // the sum of the last block numbers of each kind and writer
  std::uint8_t unseen[8];      // by Unseen, what the mapped head page says at the end
  // All bytes of the file that this format gives no meaning are zeros: the file was copied block by
  // block. Else they may be anything, as where a thread wrote to a mapped block that was closed.
  std::uint64_t is_zero_elsewhere;
  std::uint64_t end_checksum;
};

// The control word, 32 bits of the head page that no checksum covers. Any process that may write to
// the file may set it while the recorded process runs. Calls are not recorded while it is not 0.
inline constexpr std::size_t kControlOffset = 1024;
static_assert(sizeof(FileHead) <= kControlOffset && kControlOffset < kFileAlignment);

// The report that was made of the record, in the head page. After an exec that failed there is a
// second one of the same process, which replaces the first. Zeros: none was made.
struct MadeReport {
  std::uint64_t device;
  std::uint64_t inode;
  std::uint64_t bytes;
  std::uint64_t changed_s;  // time of the last change, as stat(2) has it
  std::uint64_t checksum;   // of the fields above
};
inline constexpr std::size_t kMadeReportOffset = 1080;
static_assert(kMadeReportOffset >= kControlOffset + sizeof(std::uint32_t));

// The words and bytes from here on change while the process runs, and no checksum covers them. They
// are read only while the head has no end. Each has all of its bits set or none, and any other
// value counts as set, so that one flipped bit cannot clear it.

inline constexpr std::uint64_t kSet = ~std::uint64_t{0};

// Set in the head page of a capture as long as NAME.windows belongs to it.
inline constexpr std::size_t kHasWindowsOffset = 1120;
inline constexpr char kWindowsSuffix[] = ".windows";
static_assert(kHasWindowsOffset == kMadeReportOffset + sizeof(MadeReport));

// Set in the head page that is mapped, once the program has restricted its system calls: an end of
// the process may then go unnoticed, and FileHead::end stay None.
inline constexpr std::size_t kEndUnseenOffset = 1128;
static_assert(kEndUnseenOffset == kHasWindowsOffset + sizeof(std::uint64_t));

// Facts that the recording of the process could not see: a byte each in the head page that is
// mapped. `pymemflow stop` sets the byte of Stopped. FileHead::unseen has them at the end.
enum class Unseen : std::uint8_t {
  Manual,          // what came before start(), and after a stop(): the start is manual
  Stopped,         // what happened between a stop() and a start()
  OtherAllocator,  // calls of malloc(): another allocator comes before the library
  DeepBinding,     // those of a library that was loaded with RTLD_DEEPBIND
  UnknownPython,   // frames: this CPython is not known to the library
};
inline constexpr std::size_t kUnseenFacts = 5;
inline constexpr std::size_t kUnseenOffset = 1136;
static_assert(kUnseenOffset == kEndUnseenOffset + sizeof(std::uint64_t));
static_assert(kUnseenFacts <= sizeof FileHead::unseen);
// The end of what the head page may hold.
inline constexpr std::size_t kHeadPageEnd = kUnseenOffset + sizeof FileHead::unseen;

// The values of FileHead::failure besides the error numbers. The file has reached its limit;
// another program has cut it off; the program has forbidden the system calls that recording needs,
// and the memory that was mapped before is full.
inline constexpr int kLimitReached = -1;
inline constexpr int kTruncated = -2;
inline constexpr int kForbidden = -3;

enum class BlockState : std::uint32_t {
  Untouched = 0,
  Reserved = letters("rsvd"),  // being written
  Open = letters("open"),      // a window: ends at its first zero word
  Emptied = letters("void"),   // a window whose records no longer count
  Sealed = letters("seal"),    // a copy: complete
  Closed = letters("clos"),    // complete in the position where it was filled
};

enum class BlockKind : std::uint32_t {
  Events = letters("evnt"),
  Definitions = letters("defs"),
  Sums = letters("sums"),
};

struct BlockHead {
  std::uint64_t magic;
  BlockState state;
  BlockKind kind;
  std::uint32_t extent_bytes;  // of the block in the file, head included
  std::uint32_t used_bytes;    // of the records; Sealed and Closed only
  std::uint32_t process;       // process id
  std::uint32_t writer;        // 1 and up; 0: the process itself
  std::uint32_t thread;        // kernel thread id of the writer at the start of the block
  // Of a block at the start of what a writer has mapped: its offset in the file, in pages. Readers
  // ignore it.
  std::uint32_t page;
  std::uint64_t number;         // 1 and up, per kind and writer
  std::uint64_t stamp;          // the writer's latest stamp at the start of the block
  std::uint64_t opened_ns;      // CLOCK_MONOTONIC when the block was begun
  std::uint64_t events_before;  // of this writer, before this block; Ring only
  std::uint64_t lost;           // events that this writer could not record
  std::uint64_t checksum;       // of the head without `state`, and of the records; as `used_bytes`
};
static_assert(sizeof(BlockHead) == 88);

inline constexpr std::size_t kBlockWords = (kBlockBytes - sizeof(BlockHead)) / sizeof(Word);
inline constexpr std::size_t kDefinitionBlockWords =
    (kDefinitionBlockBytes - sizeof(BlockHead)) / sizeof(Word);

inline Word* records_of(BlockHead* block) {
  return reinterpret_cast<Word*>(block + 1);
}
inline const Word* records_of(const BlockHead* block) {
  return reinterpret_cast<const Word*>(block + 1);
}

// Detects records that were cut off or changed. Four independent sums make it as fast as memory.
inline std::uint64_t checksum_of(const Word* words, std::size_t count) {
  constexpr std::uint64_t kFactor = 0x9e3779b97f4a7c15;
  std::uint64_t sums[4] = {1, 2, 3, 4};
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) {
#pragma GCC unroll 4  // else the sums are kept in memory, and each word waits for the one before
    for (std::size_t lane = 0; lane < 4; ++lane)
      sums[lane] = (sums[lane] ^ words[i + lane]) * kFactor;
  }
  for (; i < count; ++i) sums[0] = (sums[0] ^ words[i]) * kFactor;
  std::uint64_t sum = count;
  for (const std::uint64_t lane : sums) sum = (sum ^ lane ^ lane >> 29) * kFactor;
  return sum;
}

// The value of BlockHead::checksum for a block with these records.
inline std::uint64_t checksum_of(const BlockHead& block, const Word* records) {
  constexpr std::size_t kHeadWords = sizeof(BlockHead) / sizeof(Word);
  BlockHead head = block;
  head.state = BlockState::Untouched;
  head.checksum = checksum_of(records, head.used_bytes / sizeof(Word));
  Word words[kHeadWords];
  __builtin_memcpy(words, &head, sizeof head);
  return checksum_of(words, kHeadWords);
}

// The two halves of a file head.
inline std::uint64_t checksum_of_start(const FileHead& head) {
  constexpr std::size_t kWords = offsetof(FileHead, checksum) / sizeof(Word);
  Word words[kWords];
  __builtin_memcpy(words, &head, sizeof words);
  return checksum_of(words, kWords);
}
inline std::uint64_t checksum_of_end(const FileHead& head) {
  constexpr std::size_t kWords =
      (offsetof(FileHead, end_checksum) - offsetof(FileHead, lost)) / sizeof(Word);
  Word words[kWords];
  __builtin_memcpy(words, reinterpret_cast<const char*>(&head) + offsetof(FileHead, lost),
                   sizeof words);
  return checksum_of(words, kWords);
}
inline std::uint64_t checksum_of(const MadeReport& report) {
  constexpr std::size_t kWords = offsetof(MadeReport, checksum) / sizeof(Word);
  Word words[kWords];
  __builtin_memcpy(words, &report, sizeof words);
  return checksum_of(words, kWords);
}

}  // namespace pymemflow
