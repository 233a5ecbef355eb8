#pragma once

// Which entity a task's name is: asked at each spawn, so it is a table and not a tree, in which
// 10,000 names are a dozen cache misses away.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/kernel/identity.h"
#include "sim/kernel/machine.h"

namespace millrace::sim {

/// Entities by the place that they were made for. Only grows.
class EntityIndex {
 public:
  /// Entity 0, which is nobody's, where there is none.
  EntityId find(Where where) const { return rows_[place_of(where)].entity; }

  /// `entity` is not 0, and `where` has none yet.
  void add(Where where, EntityId entity) {
    if (used_ * 2 >= rows_.size()) grow();
    rows_[place_of(where)] = {.where = where, .entity = entity};
    ++used_;
  }

 private:
  struct Row {
    Where where;
    EntityId entity;  // 0 marks a free row.
  };

  /// The row of this place, or the free one in which it would be. A place is a hash already.
  std::size_t place_of(Where where) const {
    const std::size_t mask = rows_.size() - 1;
    std::size_t at = where.value & mask;
    while (rows_[at].entity.value() != 0 && rows_[at].where != where) at = (at + 1) & mask;
    return at;
  }

  void grow() {
    std::vector<Row> before(rows_.size() * 2);
    before.swap(rows_);
    for (const Row& row : before) {
      if (row.entity.value() != 0) rows_[place_of(row.where)] = row;
    }
  }

  std::vector<Row> rows_ = std::vector<Row>(256);
  std::size_t used_ = 0;
};

}  // namespace millrace::sim
