using Automation.Server.Access;

namespace Automation.Server.Editing;

/// <summary>Somebody who has a workflow open.</summary>
/// <param name="Editor">A random text of the window.</param>
/// <param name="Name">Of the caller.</param>
/// <param name="Since">When the window opened it.</param>
internal sealed record EditorPresence(string Editor, string Name, DateTimeOffset Since);

/// <summary>Who has which workflow open, on this server: windows tell it again and again, and are forgotten when they do not.</summary>
/// <remarks>A window is its caller's: the same text from somebody else is another window. Of one caller the newest 20 are known.</remarks>
internal sealed class Presence(TimeProvider time)
{
    /// <summary>Most windows of one caller.</summary>
    public const int MostOfOne = 20;

    /// <summary>Most windows that are told, those that have been there longest.</summary>
    public const int MostTold = 50;

    private const int Most = 10_000;
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private readonly Dictionary<Window, (DateTimeOffset Since, DateTimeOffset At)> open = [];

    /// <summary>Notes a window, and returns those that have the workflow open, it included, the first one first.</summary>
    public IReadOnlyList<EditorPresence> Note(string workflowId, string editor, Caller caller)
    {
        var (now, window) = (time.GetUtcNow(), new Window(workflowId, caller.Actor, caller.Name, editor));
        lock (gate)
        {
            foreach (var gone in open.Where(entry => now - entry.Value.At > Remembered).Select(entry => entry.Key).ToList()) open.Remove(gone);
            if (!open.TryGetValue(window, out var known)) known.Since = now;
            open[window] = (known.Since, now);
            var own = open.Where(entry => entry.Key.Actor == caller.Actor && entry.Key != window).ToList();
            if (own.Count >= MostOfOne) open.Remove(own.MinBy(entry => entry.Value.At).Key);
            if (open.Count > Most) open.Remove(open.Where(entry => entry.Key != window).MinBy(entry => entry.Value.At).Key);
            return [.. open.Where(entry => entry.Key.WorkflowId == workflowId).Select(entry => new EditorPresence(entry.Key.Editor, entry.Key.Name, entry.Value.Since)).OrderBy(who => who.Since).ThenBy(who => who.Editor, StringComparer.Ordinal).Take(MostTold)];
        }
    }

    private readonly record struct Window(string WorkflowId, string Actor, string Name, string Editor);
}
