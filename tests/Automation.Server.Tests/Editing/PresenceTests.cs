using Automation.Server.Access;
using Automation.Server.Editing;

namespace Automation.Server.Tests.Editing;

public sealed class PresenceTests
{
    private readonly ManualTime time = new();
    private readonly Presence presence;

    public PresenceTests() => presence = new Presence(time);

    [Fact]
    public void Window_KeepsItsName_WhenSomebodyElseSaysToBeIt()
    {
        Note("order", "window-of-ada", "ada");
        var seen = Note("order", "window-of-ada", "mallory");
        Assert.Equal(["ada", "mallory"], seen.Select(who => who.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void WindowsOfOneCaller_AreBounded_AndPushNobodyElseOut()
    {
        Note("order", "window-of-ada", "ada");
        for (var i = 0; i < 200; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(1));
            Note("order", $"window-{i}-of-eve", "eve");
        }

        var seen = Note("order", "window-of-ada", "ada");

        Assert.Equal(Presence.MostOfOne + 1, seen.Count);
        Assert.Equal("ada", seen[0].Name);
        Assert.Equal("window-199-of-eve", seen[^1].Editor);
    }

    [Fact]
    public void Answer_IsBounded()
    {
        for (var i = 0; i < 200; i++) Note("order", $"window-{i}", $"user-{i}");
        Assert.Equal(Presence.MostTold, Note("order", "window-0", "user-0").Count);
    }

    private IReadOnlyList<EditorPresence> Note(string workflow, string editor, string name) => presence.Note(workflow, editor, new Caller(name, CallerKind.User, Role.Editor, []));
}
