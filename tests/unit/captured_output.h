#pragma once
// An Output into a nameless file, and the text that was written to it. For tests; one thread.

#include <unistd.h>

#include <cstdio>
#include <string>

#include "report/base/output.h"

namespace pymemflow::report {

class CapturedOutput {
 public:
  CapturedOutput() : file_(std::tmpfile()), output_(fileno(file_)) {}
  ~CapturedOutput() { std::fclose(file_); }
  CapturedOutput(const CapturedOutput&) = delete;
  CapturedOutput& operator=(const CapturedOutput&) = delete;

  Output& output() { return output_; }

  std::string text() {
    output_.flush();
    std::string all;
    char part[4096];
    ssize_t size = 0;
    while ((size = pread(fileno(file_), part, sizeof(part), static_cast<off_t>(all.size()))) > 0) {
      all.append(part, static_cast<std::size_t>(size));
    }
    return all;
  }

 private:
  std::FILE* file_;
  Output output_;
};

}  // namespace pymemflow::report
