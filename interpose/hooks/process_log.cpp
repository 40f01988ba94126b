#include "interpose/hooks/process_log.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "capture/process_log.h"
#include "interpose/hooks/exits.h"
#include "platform/clock.h"
#include "platform/files.h"
#include "platform/memory.h"
#include "platform/process.h"

namespace pymemflow::interpose {
namespace {

constexpr std::size_t kMaxPath = 4096;

// Null: there is no log.
constinit std::atomic<ProcessLog*> mapped_log{nullptr};
constinit char log_path[kMaxPath] = {};
// The command line of this process, as ProcessNote::words.
constinit char own_words[ProcessNote::kWordsBytes] = {};
constinit std::size_t own_words_bytes = 0;

std::atomic_ref<NoteState> state_of(ProcessNote& note) {
  return std::atomic_ref(note.state);
}

bool is_log(int file) {
  std::uint64_t magic = 0;
  return platform::file_bytes(file) == sizeof(ProcessLog) &&
         platform::read_file(file, &magic, sizeof magic, 0) == long{sizeof magic} &&
         magic == kProcessLogMagic;
}

void append_own_words(const char* bytes, std::size_t size, void*) {
  const std::size_t taken = std::min(size, sizeof own_words - own_words_bytes);
  std::memcpy(own_words + own_words_bytes, bytes, taken);
  own_words_bytes += taken;
}

// Copies what fits, and ends it with a zero byte.
template <std::size_t kBytes>
void put_text(char (&to)[kBytes], std::string_view text) {
  const std::size_t size = std::min(text.size(), kBytes - 1);
  std::memcpy(to, text.data(), size);
  to[size] = '\0';
}

void put_words(ProcessNote& note, char* const* arguments) {
  std::size_t used = 0;
  for (; arguments != nullptr && *arguments != nullptr; ++arguments) {
    const std::size_t bytes = std::strlen(*arguments) + 1;
    const std::size_t taken = std::min(bytes, sizeof note.words - used);
    std::memcpy(note.words + used, *arguments, taken);
    used += taken;
  }
  note.words_bytes = static_cast<std::uint32_t>(used);
}

// 0: the program has forbidden the system calls of the library.
std::uint32_t own_id() {
  return are_checks_forbidden() ? 0 : platform::process_id();
}

// A note for the caller to fill, in the state Reserved. Null: there is no room.
ProcessNote* reserve(ProcessLog& to) {
  const std::atomic_ref used(to.used);
  for (std::uint32_t i = 0; i < ProcessLog::kNotes; ++i) {
    ProcessNote& note = to.notes[i];
    NoteState expected = NoteState::Free;
    if (!state_of(note).compare_exchange_strong(expected, NoteState::Reserved)) continue;
    std::uint32_t before = used.load();
    while (before < i + 1 && !used.compare_exchange_weak(before, i + 1)) {
    }
    return &note;
  }
  std::atomic_ref(to.left_out).fetch_add(1);
  return nullptr;
}

ProcessEntry& entry_of(ProcessLog& in, std::uint32_t process) {
  return in.entries[process % ProcessLog::kEntries];
}

void set_entry(ProcessLog& in, std::uint32_t process, bool has_record) {
  const ProcessEntry entry = process_entry(process, platform::monotonic_ns(), has_record);
  std::atomic_ref(entry_of(in, process)).store(entry);
}

// The value of the variable; null: it is not set.
const char* value_in(char* const* environment, std::string_view name) {
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    const std::string_view entry = *environment;
    if (entry.starts_with(name) && entry.substr(name.size()).starts_with('=')) {
      return *environment + name.size() + 1;
    }
  }
  return nullptr;
}

Lacking lacking_in(ProcessLog& to, char* const* environment) {
  const char* const preloaded = value_in(environment, to.variable);
  if (preloaded == nullptr || std::strstr(preloaded, to.library) == nullptr) {
    return Lacking::Library;
  }
  const char* const path = value_in(environment, kProcessLogVariable);
  return path == nullptr || std::strcmp(path, log_path) != 0 ? Lacking::Log : Lacking::Nothing;
}

// The program that was executed in this process has the library.
void remove_notes_of(ProcessLog& in, std::uint32_t process) {
  const std::uint32_t used = std::atomic_ref(in.used).load();
  for (std::uint32_t i = 0; i < used && i < ProcessLog::kNotes; ++i) {
    ProcessNote& note = in.notes[i];
    if (state_of(note).load() != NoteState::Started || note.process != process) continue;
    if (note.lacking == Lacking::Nothing) state_of(note).store(NoteState::Free);
  }
}

// A note of this process.
void note_own(NoteState state, std::string_view reason) {
  ProcessLog* const to = mapped_log.load();
  ProcessNote* const note = to == nullptr ? nullptr : reserve(*to);
  if (note == nullptr) return;
  note->lacking = Lacking::Nothing;
  note->process = own_id();
  put_text(note->path, "");
  put_text(note->reason, reason);
  std::memcpy(note->words, own_words, own_words_bytes);
  note->words_bytes = static_cast<std::uint32_t>(own_words_bytes);
  state_of(*note).store(state);
}

}  // namespace

void open_process_log() {
  const char* const path = std::getenv(kProcessLogVariable);
  const std::size_t path_bytes = path == nullptr ? 0 : std::strlen(path) + 1;
  if (path == nullptr || path_bytes > sizeof log_path) return;
  const int file = platform::open_file(path);
  if (file < 0) return;
  void* const memory = is_log(file) ? platform::map_file(file, 0, sizeof(ProcessLog)) : nullptr;
  platform::close_file(file);
  if (memory == nullptr) return;
  std::memcpy(log_path, path, path_bytes);
  platform::visit_command_line(append_own_words, nullptr);
  auto* const mapped = static_cast<ProcessLog*>(memory);
  const std::uint32_t process = platform::process_id();
  // In this order: a parent that reads the entry in between finds the process there.
  set_entry(*mapped, process, false);
  remove_notes_of(*mapped, process);
  mapped_log.store(mapped);
}

void close_process_log() {
  mapped_log.store(nullptr);
}

void note_record(bool has_record) {
  ProcessLog* const to = mapped_log.load();
  if (to != nullptr) set_entry(*to, platform::process_id(), has_record);
}

void note_unable(std::string_view reason) {
  note_own(NoteState::Unable, reason);
}

void note_never_started() {
  note_own(NoteState::Paused, "it was never started");
}

ProgramNote::ProgramNote(const StartedProgram& program) {
  ProcessLog* const to = mapped_log.load();
  const int saved = errno;
  note_ = to == nullptr ? nullptr : reserve(*to);
  if (note_ != nullptr) {
    note_->lacking = lacking_in(*to, program.environment);
    note_->process = 0;
    put_text(note_->path, program.path == nullptr ? "" : program.path);
    put_text(note_->reason, "");
    put_words(*note_, program.arguments);
  }
  errno = saved;
}

ProgramNote::~ProgramNote() {
  if (note_ != nullptr) state_of(*note_).store(NoteState::Free);
}

ExecNote::ExecNote(const StartedProgram& program) : ProgramNote(program) {
  if (note_ == nullptr) return;
  note_->process = own_id();
  // Without its process id the program could not remove the note.
  const bool is_of_use = note_->process != 0 || note_->lacking != Lacking::Nothing;
  if (is_of_use) state_of(*note_).store(NoteState::Started);
}

SpawnNote::SpawnNote(const StartedProgram& program) : ProgramNote(program) {
  if (note_ != nullptr) began_ns_ = platform::monotonic_ns();
}

void SpawnNote::keep(std::uint32_t process) {
  ProcessLog* const to = mapped_log.load();
  if (note_ == nullptr || to == nullptr) return;
  ProcessNote& note = *note_;
  note_ = nullptr;
  note.process = process;
  state_of(note).store(NoteState::Started);
  if (note.lacking != Lacking::Nothing) return;
  // The program may have reported before its process id was here.
  const ProcessEntry entry = std::atomic_ref(entry_of(*to, process)).load();
  const ProcessEntry oldest = process_entry(process, began_ns_, false);
  if (process_of(entry) == process && entry >= oldest) state_of(note).store(NoteState::Free);
}

void note_shell(const char* command) {
  ProcessLog* const to = mapped_log.load();
  if (to == nullptr || command == nullptr) return;
  char* const* const environment = platform::environment();
  if (lacking_in(*to, environment) == Lacking::Nothing) return;
  char shell[] = "sh";
  char option[] = "-c";
  char* const words[] = {shell, option, const_cast<char*>(command), nullptr};
  SpawnNote note({"/bin/sh", words, environment});
  note.keep(0);
}

}  // namespace pymemflow::interpose
