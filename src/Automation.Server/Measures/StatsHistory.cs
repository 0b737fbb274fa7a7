using System.Diagnostics.Metrics;

namespace Automation.Server.Measures;

/// <summary>Keeps what <see cref="ServerMeter"/> counted: a point a minute for the last hour, and one a quarter of an hour for the last day. In memory, of this server, since its start.</summary>
internal sealed class StatsHistory : IDisposable
{
    private readonly Lock gate = new();
    private readonly TimeProvider time;
    private readonly Func<(int OpenRuns, int WaitingDeliveries)> look;
    private readonly MeterListener listener = new();
    private readonly Series[] all = [new(TimeSpan.FromMinutes(1), 60), new(TimeSpan.FromMinutes(15), 96)];

    /// <param name="time">The clock.</param>
    /// <param name="look">How much there is at the moment.</param>
    public StatsHistory(TimeProvider time, Func<(int OpenRuns, int WaitingDeliveries)> look)
    {
        (this.time, this.look, Since) = (time, look, time.GetUtcNow());
        listener.InstrumentPublished = (instrument, heard) =>
        {
            if (instrument.Meter.Name == ServerMeter.Name) heard.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Count(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Count(instrument, value, tags));
        listener.Start();
    }

    /// <summary>Of when the first counts are: the server's start.</summary>
    public DateTimeOffset Since { get; }

    /// <summary>The last hour by minutes, or the last day by quarters of an hour: how long a point is, and the points, oldest first, the one that is not over last. Points of before the start are missing.</summary>
    public (TimeSpan Step, IReadOnlyList<T> Points) Of<T>(bool day, Func<StatsPoint, T> view)
    {
        var (openRuns, waiting) = look();
        lock (gate)
        {
            var series = all[day ? 1 : 0];
            var point = series.Now(time.GetUtcNow());
            (point.OpenRuns, point.WaitingDeliveries) = (openRuns, waiting);
            return (series.Step, [.. series.Points.Select(view)]);
        }
    }

    public void Dispose() => listener.Dispose();

    private void Count(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var tag = tags.IsEmpty ? null : tags[0].Value as string;
        var now = time.GetUtcNow();
        lock (gate)
        {
            foreach (var series in all) Add(series.Now(now), instrument, value, tag);
        }
    }

    private static void Add(StatsPoint point, Instrument instrument, double value, string? tag)
    {
        if (ReferenceEquals(instrument, ServerMeter.EventsAccepted)) point.Accepted += (long)value;
        else if (ReferenceEquals(instrument, ServerMeter.EventsRefused)) point.Refused += (long)value;
        else if (ReferenceEquals(instrument, ServerMeter.RunDuration)) point.AddRun(value, tag ?? "");
        else if (ReferenceEquals(instrument, ServerMeter.RunLag)) point.AddLag(value);
        else if (tag == "succeeded") point.Delivered += (long)value;
        else point.DeliveryFailures += (long)value;
    }

    private sealed class Series(TimeSpan step, int most)
    {
        public TimeSpan Step { get; } = step;

        public Queue<StatsPoint> Points { get; } = new();

        private StatsPoint? last;

        public StatsPoint Now(DateTimeOffset now)
        {
            var begin = new DateTimeOffset(now.Ticks - (now.Ticks % Step.Ticks), TimeSpan.Zero);
            if (last is not null && last.At >= begin) return last; // a clock that was set back counts on in the last one
            Points.Enqueue(last = new StatsPoint(begin));
            while (Points.Peek().At <= begin - (most * Step)) Points.Dequeue(); // by age: a stretch in which nothing happened has no point
            return last;
        }
    }
}
