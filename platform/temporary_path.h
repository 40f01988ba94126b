#pragma once
// Temporary files and folders of the command, in a list, so that a signal that ends the command can
// have them removed. The list is empty in a traced program and in the process that makes its
// report: there nothing is noted. Any thread.

#include <atomic>

namespace pymemflow::platform {

class TemporaryPath {
 public:
  TemporaryPath() = default;
  ~TemporaryPath() { forget(); }
  TemporaryPath(const TemporaryPath&) = delete;
  TemporaryPath& operator=(const TemporaryPath&) = delete;

  // Makes a file, or a folder, by a pattern that ends in XXXXXX, which is replaced by its name. The
  // text must stay where it is until forget(). Returns the descriptor of the file, or 0 for a
  // folder; -1: errno says why. Each is for its owner alone.
  int make_file(char* pattern);
  int make_folder(char* pattern);
  // The path no longer exists, or is no longer temporary.
  void forget();

  // Once the folder holds a record, its files belong to the user.
  void mark_as_record() { is_record_ = true; }

  const char* path() const { return path_; }
  bool is_folder() const { return is_folder_; }
  bool is_record() const { return is_record_; }
  const TemporaryPath* next() const { return next_; }

 private:
  int make(char* pattern, bool is_folder);

  const char* path_ = nullptr;  // null: there is none
  bool is_folder_ = false;
  std::atomic<bool> is_record_ = false;
  TemporaryPath* next_ = nullptr;
};

// From now on paths are noted. `begin` is called before the first one is made.
void note_temporary_paths(void (*begin)());

// The list. From now on, no path is made or forgotten: a thread that tries to waits forever.
const TemporaryPath* take_temporary_paths();

}  // namespace pymemflow::platform
