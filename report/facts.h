#pragma once
// What a capture says of the process that it was made of (interpose::FactKind). Report side.

#include "interpose/record.h"
#include "report/memory.h"

namespace pymemflow::report {

struct Facts {
  String command_line;  // each word with a zero at its end
  String python_version;
  String host;     // a line each: name, system, release, machine
  String options;  // NAME=value, a line each

  // Null: a fact that this version does not know.
  String* find(interpose::FactKind kind) {
    switch (kind) {
      case interpose::FactKind::CommandLine:
        return &command_line;
      case interpose::FactKind::PythonVersion:
        return &python_version;
      case interpose::FactKind::Host:
        return &host;
      case interpose::FactKind::Options:
        return &options;
    }
    return nullptr;
  }
};

}  // namespace pymemflow::report
