// macOS runs no library as a program.

#include "report/reporter/program.h"

namespace pymemflow::report {

bool is_reporter() {
  return false;
}

}  // namespace pymemflow::report
