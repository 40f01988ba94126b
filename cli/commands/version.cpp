// pymemflow version: prints the version.

#include <cstdio>

#include "cli/arguments/parser.h"
#include "cli/commands/commands.h"

namespace pymemflow::cli {

void declare_version(Syntax& syntax) {
  syntax.action([](const auto&) {
    std::puts(version_text().c_str());
    return 0;
  });
}

}  // namespace pymemflow::cli
