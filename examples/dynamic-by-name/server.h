/* A server in small: each request is audited before it is served. */
#ifndef SERVER_H
#define SERVER_H

int audit(const char *request);		/* 0: refused */
void serve(const char *request);
unsigned int audited(void);

#endif
