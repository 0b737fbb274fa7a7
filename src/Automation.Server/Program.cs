using System.CommandLine;
using Automation.Server.Cli;

// No limit of the parser's own on how long a command takes to stop: the server drains for as long as it is configured to.
return await CommandLine.Create().Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
