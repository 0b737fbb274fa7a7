using System.Diagnostics;

namespace Automation.EndToEnd.Tests;

/// <summary>Bounded waits for what another process does. Inside this process tests wait on signals instead.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    /// <summary>Asks again until the answer is not null; fails the test after <paramref name="within"/>, with what was <paramref name="seen"/> last.</summary>
    public static async Task<T> GetAsync<T>(Func<Task<T?>> ask, string what, TimeSpan? within = null, Func<string>? seen = null)
        where T : struct
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            if (await ask() is { } answer) return answer;
            if (clock.Elapsed > (within ?? Soon)) Assert.Fail($"Not within {within ?? Soon}: {what}.{(seen is null ? "" : " Last: " + seen())}");
            await Task.Delay(Pause, TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }

    public static Task HoldsAsync(Func<Task<bool>> ask, string what, TimeSpan? within = null, Func<string>? seen = null) =>
        GetAsync<bool>(async () => await ask() ? true : null, what, within, seen);
}
