using Automation.Server.Values;

namespace Automation.Server.Callbacks;

/// <summary>What a callback is for: one wait step of one run, in one round of the loops around it. Written as <c>run_….step.iteration</c>.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Step">Id of the <c>wait</c> step.</param>
/// <param name="Iteration">The rounds it is in, as <c>.each[3]</c>; empty outside of loops.</param>
internal readonly record struct CallbackAddress(long RunId, string Step, string Iteration)
{
    public override string ToString() => $"{PublicId.Format(PublicId.Run, RunId)}.{Step}{Iteration}";

    public static bool TryParse(string text, out CallbackAddress address)
    {
        address = default;
        var dot = text.IndexOf('.');
        if (dot < 0 || !PublicId.TryParse(PublicId.Run, text.AsSpan(0, dot), out var run)) return false;
        var end = text.IndexOf('.', dot + 1);
        address = new CallbackAddress(run, end < 0 ? text[(dot + 1)..] : text[(dot + 1)..end], end < 0 ? "" : text[end..]);
        return true;
    }
}
