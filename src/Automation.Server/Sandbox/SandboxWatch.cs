namespace Automation.Server.Sandbox;

/// <summary>Looks after the processes: each 50 ms while any of them is busy, each second otherwise.</summary>
/// <remarks>One look at a time. It finds calls that run too long or use too much memory, so these limits are exact to 50 ms.</remarks>
internal sealed class SandboxWatch : IDisposable
{
    private static readonly TimeSpan Busy = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(1);
    private const int LooksPerSecond = 20;

    private readonly Func<bool, bool> look;
    private readonly ITimer timer;
    private readonly Lock gate = new();
    private volatile bool isQuick;
    private int looks;

    /// <param name="time">Drives the looks.</param>
    /// <param name="look">Gets true once a second; returns whether the next look has to be soon.</param>
    public SandboxWatch(TimeProvider time, Func<bool, bool> look)
    {
        this.look = look;
        timer = time.CreateTimer(static watch => ((SandboxWatch)watch!).Look(), this, Idle, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Something is running now. Cheap when known already.</summary>
    public void Wake()
    {
        if (isQuick) return;
        lock (gate)
        {
            if (isQuick) return;
            isQuick = true;
            timer.Change(Busy, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose() => timer.Dispose();

    private void Look()
    {
        isQuick = false; // who comes during the look wakes again
        var busy = look(looks++ % LooksPerSecond == 0);
        lock (gate)
        {
            if (isQuick) return;
            isQuick = busy;
            timer.Change(busy ? Busy : Idle, Timeout.InfiniteTimeSpan);
        }
    }
}
