using System.ComponentModel.DataAnnotations;

namespace Automation.Server.Sandbox;

/// <summary>Where the sandbox is and what a script may use.</summary>
internal sealed record SandboxOptions
{
    /// <summary>The folder of the sandbox program, <c>src/Automation.Sandbox</c> in the repository.</summary>
    public required string Folder { get; set; }

    /// <summary>The Deno program; null: found in the sandbox folder, see <see cref="SandboxRuntime.Locate"/>.</summary>
    public string? RuntimePath { get; set; }

    /// <summary>Where Deno keeps what it translated; null: a folder next to its own in the sandbox folder. Need not be writable.</summary>
    public string? CacheFolder { get; set; }

    /// <summary>About 45 MB resident each when idle, 55 to 85 MB when busy.</summary>
    [Range(1, 1000)]
    public int MaxProcesses { get; set; } = 2;

    /// <summary>From when a call becomes the first without an answer to its end.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00")]
    public TimeSpan WallTime { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>JavaScript heap of one process; array buffers count too, by the resident size.</summary>
    [Range(typeof(long), "16777216", "68719476736")]
    public long HeapBytes { get; set; } = 128L * 1024 * 1024;

    /// <summary>Largest result of a call, as UTF-8 JSON.</summary>
    [Range(typeof(long), "1", "67108864")]
    public long OutputBytes { get; set; } = 1024 * 1024;

    /// <summary>Console lines kept for a call; more are counted only.</summary>
    [Range(0, 100_000)]
    public int MaxLogLines { get; set; } = 100;

    /// <summary>Characters of console text kept for a call.</summary>
    [Range(0, 10_000_000)]
    public int MaxLogCharacters { get; set; } = 16 * 1024;

    /// <summary>Calls written to one process and not answered; more wait in the server, where any process can take them.</summary>
    [Range(1, 10_000)]
    public int MaxInFlight { get; set; } = 256;

    /// <summary>Programs a process keeps, about 0.2 MB each; past that the least recently used goes.</summary>
    [Range(1, 100_000)]
    public int MaxPrograms { get; set; } = 100;

    /// <summary>A process whose first unanswered call is older than this gets no more calls; another is started if there may be one.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00")]
    public TimeSpan SlowCall { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>A process that was idle this long is ended, but for the last one.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00")]
    public TimeSpan IdleTime { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>An idle process larger than this is ended: the memory of what it ran should not stay for ever.</summary>
    [Range(typeof(long), "1", "9223372036854775807")]
    public long IdleBytes { get; set; } = 100L * 1024 * 1024;

    /// <summary>Longest start of a process (measured: 40 ms).</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00")]
    public TimeSpan StartTime { get; set; } = TimeSpan.FromSeconds(10);
}
