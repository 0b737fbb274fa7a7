using Automation.Server.Values;

namespace Automation.Server.Runs;

/// <summary>A place in the graph that a run has come to: the step to run next, and with what.</summary>
/// <param name="Step">Id of the step.</param>
/// <param name="From">Number of the step run whose output is the input; null at the start, where the input is the event's data.</param>
/// <param name="Input">What the step gets.</param>
/// <param name="Iteration">
/// Tells apart the step runs of one step in one run: empty, or the steps by which the token came to steps that several lead to, as <c>.crm.audit</c>.
/// It depends on the path only, so that an idempotency key is the same when a run is walked again after a crash.
/// </param>
/// <param name="Handling">True on the path from the workflow's <c>onError</c> step: an error here fails the run.</param>
internal sealed record Token(string Step, int? From, Json Input, string Iteration, bool Handling);
