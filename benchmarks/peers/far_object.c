long target_far(long value);
void *far_address(void);

long target_far(long value)
{
	return value + 3;
}

void *far_address(void)
{
	return (void *)target_far;
}
