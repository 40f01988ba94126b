#pragma once
// What a capture says of the process that it was made of (FactKind). Report side.

#include "capture/record.h"
#include "report/base/memory.h"

namespace pymemflow::report {

struct Facts {
  String command_line;  // each word with a zero at its end
  String python_version;
  String host;         // a line each: name, system, release, machine
  String options;      // NAME=value, a line each
  String interpreter;  // the file that has it; empty: the program itself
  String layout;       // where its offsets are from; else why its frames are not read
  String allocators;   // the files that define malloc(), a line each; empty: the program itself

  // Null: a fact that this version does not know.
  String* find(FactKind kind) {
    switch (kind) {
      case FactKind::CommandLine:
        return &command_line;
      case FactKind::PythonVersion:
        return &python_version;
      case FactKind::Host:
        return &host;
      case FactKind::Options:
        return &options;
      case FactKind::Interpreter:
        return &interpreter;
      case FactKind::Layout:
        return &layout;
      case FactKind::Allocators:
        return &allocators;
    }
    return nullptr;
  }
};

}  // namespace pymemflow::report
