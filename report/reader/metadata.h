#pragma once
// The facts that a capture has about its process (MetadataKind). Report side.

#include "capture/record.h"
#include "report/base/memory.h"

namespace pymemflow::report {

struct Metadata {
  String command_line;  // each word is followed by a zero byte
  String python_version;
  String host;         // name, system, release and machine, one per line
  String options;      // NAME=value, one per line
  String interpreter;  // the file that contains the interpreter; empty: the program itself
  String layout;       // the source of its offsets; if frames are not read, the reason
  String allocators;   // the files that define malloc(), one per line; empty: the program itself

  // Null: the fact is not known to this version.
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
