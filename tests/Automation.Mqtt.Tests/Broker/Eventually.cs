using System.Diagnostics;

namespace Automation.Mqtt.Tests.Broker;

/// <summary>For what becomes true soon after something that can be waited for, such as a count after a close.</summary>
internal static class Eventually
{
    public static async Task IsAsync(Func<bool> condition)
    {
        var start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TestClient.Patience, "It did not become true.");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
    }
}
