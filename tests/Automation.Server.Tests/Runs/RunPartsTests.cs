using Automation.Server.Runs;

namespace Automation.Server.Tests.Runs;

public sealed class RunPartsTests
{
    [Fact]
    public void Window_HasRoom_UntilItsRunsOrBytesAreTaken()
    {
        var window = new RunWindow(3, 100);
        Assert.True(window.TryEnter(2, 50));
        Assert.False(window.TryEnter(2, 10));
        Assert.False(window.TryEnter(1, 51));
        Assert.True(window.TryEnter(1, 50));
        Assert.Equal((0, 3, 0L), (window.Room, window.Runs, window.RoomBytes));
    }

    [Fact]
    public void Window_LetsOneIn_LargerThanItself_WhenNothingElseIsThere()
    {
        var window = new RunWindow(3, 100);
        Assert.True(window.TryEnter(1, 500));
        Assert.False(window.TryEnter(1, 0));
        Assert.Equal(0, window.Room);
    }

    [Fact]
    public void Window_SaysWhenOneLeft()
    {
        var window = new RunWindow(3, 100);
        var left = 0;
        window.Left += () => left++;
        window.Enter(10);
        window.Leave(1, 10);
        Assert.Equal((1, 0, 100L), (left, window.Runs, window.RoomBytes));
    }
}
