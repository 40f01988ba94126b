#pragma once
// The memory that an interpreter keeps until the end of its process by itself: what stays in a run
// that does nothing, by the C functions that allocated it. It depends on the build of the
// interpreter and of the C library, so it is measured (cli/launch/idle_run.h), and exempt in other
// runs. Pure; report side, one thread.

#include "report/base/amount.h"
#include "report/base/memory.h"
#include "report/replay/profile.h"

namespace pymemflow::report {

class InterpreterMemory {
 public:
  // Takes what is live and not exempt at the end of such a run. Of several runs, the largest
  // amounts count.
  void measure(const Profile& profile);

  // Exempts the same in another run: of the stacks with the same C functions, up to the same bytes
  // and blocks. What a program has beyond that counts.
  void set_aside(Profile& profile) const;

 private:
  // By the names of the C functions above the Python line, from the innermost outwards.
  using Amounts = HashMap<String, Amount, StringHash>;

  Amounts amounts_;
};

}  // namespace pymemflow::report
