#pragma once
// Writes to the log of the processes of this run (capture/process_log.h), where there is one. Any
// thread, also in a child that shares its parent's memory (vfork); takes no lock, allocates nothing
// and keeps errno.

#include <cstdint>
#include <string_view>

namespace pymemflow {
struct ProcessNote;
}

namespace pymemflow::interpose {

// Maps the log that the environment names, and reports that the library is in this process. At
// start-up only.
void open_process_log();

// This process has a record, or has none (any more).
void note_record(bool has_record);

// This process runs, or may run, Python and cannot be recorded.
void note_unable(std::string_view reason);

// This process was to record from a call of start() on, and none came.
void note_never_started();

// The program has restricted its system calls: nothing is noted from here on that needs one.
void close_process_log();

// A program that is about to be executed.
struct StartedProgram {
  const char* path;  // or its name, which is looked up in the PATH; null: it has none
  char* const* arguments;
  char* const* environment;
};

// A note of a program; its end removes the note.
class ProgramNote {
 public:
  ProgramNote(const ProgramNote&) = delete;
  ProgramNote& operator=(const ProgramNote&) = delete;

 protected:
  explicit ProgramNote(const StartedProgram& program);
  ~ProgramNote();

  ProcessNote* note_ = nullptr;
};

// A program that this process is about to become. The end comes only if the exec fails.
class ExecNote : ProgramNote {
 public:
  explicit ExecNote(const StartedProgram& program);
};

// A program that a child is to execute.
class SpawnNote : ProgramNote {
 public:
  explicit SpawnNote(const StartedProgram& program);
  // The child has this process id. Without a call there is no child.
  void keep(std::uint32_t process);

 private:
  std::uint64_t began_ns_ = 0;
};

// A shell is about to be started with this command, in the environment of this process. Nothing is
// noted if the library is in that environment.
void note_shell(const char* command);

}  // namespace pymemflow::interpose
