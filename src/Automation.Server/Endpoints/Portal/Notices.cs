using System.Globalization;

namespace Automation.Server.Endpoints.Portal;

/// <summary>What a form did, said on the page that follows it. The address names a sentence and holds none.</summary>
internal static class Notices
{
    public const string Replayed = "replayed", UnderWay = "underWay", ReplayedAll = "replayedAll", Paused = "paused", Resumed = "resumed", Rotated = "rotated", Tested = "tested";

    public static Html Of(IQueryCollection query) => query["done"].ToString() switch
    {
        Replayed => Good("The delivery goes out again."),
        UnderWay => new Html("<p class=\"note busy\" role=\"status\">It is under way; only a dead or succeeded delivery can be replayed.</p>"),
        ReplayedAll => Good(int.TryParse(query["n"].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0 ? $"{PortalVisit.Count(count)} {(count == 1 ? "delivery goes" : "deliveries go")} out again." : "Nothing was dead in that time."),
        Paused => Good("Paused. Deliveries wait from now on."),
        Resumed => Good("Resumed. What waited goes out now."),
        Rotated => Good("There is a new secret. Put it into your receiver."),
        Tested => Good("A test event is on its way. Load the page again to see what came of it."),
        _ => Html.None,
    };

    private static Html Good(string sentence) => Html.Of($"""<p class="note ok" role="status">{sentence}</p>""");
}
