#pragma once
// The log of the processes of one run: a file that `pymemflow gate` makes, and that every process
// under the library maps. It tells the gate of processes that could not be recorded. A process that
// is about to execute a program adds a note, and the library in that program removes it: the notes
// that are left are of programs that run without the library. Another note is of a process that has
// the library and cannot record.
//
// Nothing here needs a system call once the file is mapped, so a process can write to the log that
// has changed its user or its root, or has no descriptor left. The gate trusts nothing in the file.

#include <cstddef>
#include <cstdint>

namespace pymemflow {

// Names the file in the environment of the traced programs. No option: it has no PYMEMFLOW_.
inline constexpr char kProcessLogVariable[] = "_PYMEMFLOW_PROCESSES";

inline constexpr std::uint64_t kProcessLogMagic = 0x31474f4c464d5950;  // "PYMFLOG1"

enum class NoteState : std::uint32_t {
  Free,
  Reserved,  // being written
  Started,   // a program was executed, and no library has reported from it
  Unable,    // has the library, and cannot record: `reason` says why
  Paused,    // its start is manual, and it never began to record
};

// The part that the environment of an executed program lacks.
enum class Lacking : std::uint32_t {
  Nothing,
  Library,  // the library among those to be preloaded
  Log,      // this log
};

struct ProcessNote {
  static constexpr std::size_t kPathBytes = 256;
  static constexpr std::size_t kReasonBytes = 240;
  static constexpr std::size_t kWordsBytes = 512;

  NoteState state;
  Lacking lacking;
  std::uint32_t process;  // process id; 0: unknown
  std::uint32_t words_bytes;
  char path[kPathBytes];      // of the program; ends with a zero byte
  char reason[kReasonBytes];  // the same
  char words[kWordsBytes];    // each word ends with a zero byte; cut where they are too long
};
static_assert(sizeof(ProcessNote) == 1024);

// An entry for the last process with this id, or with another one in the same place of the
// table. 0: there was none.
//   process id (32 bits), milliseconds of CLOCK_MONOTONIC (31 bits), whether it has a record (1
//   bit)
using ProcessEntry = std::uint64_t;

constexpr ProcessEntry process_entry(std::uint32_t process, std::uint64_t now_ns, bool has_record) {
  constexpr std::uint64_t kMask = 0x7fffffff;
  return std::uint64_t{process} << 32 | (now_ns / 1'000'000 & kMask) << 1 | (has_record ? 1U : 0U);
}
constexpr std::uint32_t process_of(ProcessEntry entry) {
  return static_cast<std::uint32_t>(entry >> 32);
}
constexpr bool has_record(ProcessEntry entry) {
  return (entry & 1) != 0;
}

struct ProcessLog {
  static constexpr std::size_t kEntries = std::size_t{1} << 16;
  static constexpr std::size_t kNotes = 1024;
  static constexpr std::size_t kVariableBytes = 32;
  static constexpr std::size_t kLibraryBytes = 4032;

  std::uint64_t magic;
  std::uint32_t used;             // notes at the front that have been in use
  std::uint32_t spare;            // 0
  std::uint64_t left_out;         // notes for which there was no room
  std::uint64_t unused;           // 0
  char variable[kVariableBytes];  // names the libraries to be preloaded: "LD_PRELOAD"
  char library[kLibraryBytes];    // its path, as it is preloaded
  ProcessEntry entries[kEntries];
  ProcessNote notes[kNotes];
};
static_assert(sizeof(ProcessLog) == 4096 + 8 * ProcessLog::kEntries + 1024 * ProcessLog::kNotes);

}  // namespace pymemflow
