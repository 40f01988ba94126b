#pragma once
// The command's messages: one line each on standard error, beginning with "pymemflow: ". Commands
// alone print them; the code below returns an Error. One thread.

#include <string>
#include <utility>

namespace pymemflow::cli {

// The exit code when the command cannot do what it was asked.
inline constexpr int kUsageError = 2;

// Names the thing that failed and the reason. False: nothing failed.
struct [[nodiscard]] Error {
  std::string text;

  Error() = default;
  explicit Error(std::string what) : text(std::move(what)) {}
  explicit operator bool() const { return !text.empty(); }
};

// "path: No such file or directory", from errno.
Error system_error(const std::string& path);

// Prints the message as one line, whatever characters it contains.
void say(const std::string& message);

// False: it was closed when the command was started, so nobody sees a message.
bool is_standard_error_open();

// The same. Returns kUsageError.
int complain(const std::string& message);
int complain(const Error& error);

}  // namespace pymemflow::cli
