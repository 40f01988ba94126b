#pragma once
// What a capture says of the process that it was made of (MetadataKind). Report side.

#include "capture/record.h"
#include "report/base/memory.h"

namespace pymemflow::report {

struct Metadata {
  String command_line;  // each word with a zero at its end
  String python_version;
  String host;         // a line each: name, system, release, machine
  String options;      // NAME=value, a line each
  String interpreter;  // the file that has it; empty: the program itself
  String layout;       // where its offsets are from; else why its frames are not read
  String allocators;   // the files that define malloc(), a line each; empty: the program itself

  // Null: a fact that this version does not know.
  String* find(MetadataKind kind) {
    switch (kind) {
      case MetadataKind::CommandLine:
        return &command_line;
      case MetadataKind::PythonVersion:
        return &python_version;
      case MetadataKind::Host:
        return &host;
      case MetadataKind::Options:
        return &options;
      case MetadataKind::Interpreter:
        return &interpreter;
      case MetadataKind::Layout:
        return &layout;
      case MetadataKind::Allocators:
        return &allocators;
    }
    return nullptr;
  }
};

}  // namespace pymemflow::report
