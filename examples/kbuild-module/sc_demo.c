// SPDX-License-Identifier: MIT
/* A module with a static call that a write to its parameter moves. */
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/static_call.h>

static int demo_add(int a, int b)
{
	return a + b;
}

static int demo_mul(int a, int b)
{
	return a * b;
}

DEFINE_STATIC_CALL(demo_op, demo_add);

static int demo_set(const char *text, const struct kernel_param *param)
{
	bool multiply;
	int err = kstrtobool(text, &multiply);

	if (err)
		return err;
	if (multiply)
		static_call_update(demo_op, demo_mul);
	else
		static_call_update(demo_op, demo_add);
	pr_info("sc_demo: %d\n", static_call(demo_op)(6, 7));
	return 0;
}

static const struct kernel_param_ops demo_ops = { .set = demo_set };

module_param_cb(multiply, &demo_ops, NULL, 0200);
MODULE_PARM_DESC(multiply, "multiply instead of adding");

static int __init demo_init(void)
{
	pr_info("sc_demo: %d\n", static_call(demo_op)(6, 7));
	return 0;
}

static void __exit demo_exit(void)
{
}

module_init(demo_init);
module_exit(demo_exit);
MODULE_DESCRIPTION("A static call that moves");
MODULE_LICENSE("Dual MIT/GPL");
