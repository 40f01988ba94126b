#include "report/base/role.h"

namespace pymemflow::report {
namespace {

constinit bool in_host = false;

}  // namespace

void set_in_host() {
  in_host = true;
}

bool is_in_host() {
  return in_host;
}

}  // namespace pymemflow::report
