/* SPDX-License-Identifier: MIT */
/* A port that keeps the harness's hooks. */
