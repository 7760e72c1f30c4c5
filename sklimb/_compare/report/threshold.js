// The threshold, moved by hand: what it finds, how many alarms are right, and what errors cost.
// It works on the counts that are stored in the page, without a network.
(function () {
  "use strict";
  var data = JSON.parse(document.getElementById("operating-points").textContent);
  function part(name) { return document.getElementById("threshold-" + name); }
  var select = part("method"), slider = part("slider"), said = part("said");
  var miss = part("miss"), alarm = part("alarm"), curve = part("curve"), point = part("point");

  function method() { return data.methods[Number(select.value)]; }
  function share(part, whole) { return whole ? part / whole : 0; }
  function percent(value) { return (100 * value).toFixed(0); }
  function x(recall) { return 40 + 270 * recall; }
  function y(precision) { return 280 - 270 * precision; }
  function cost(m, i) {
    var missed = m.positive - m.found[i], false_alarms = m.called[i] - m.found[i];
    return (Number(miss.value) * missed + Number(alarm.value) * false_alarms) / m.total;
  }

  function show() {
    var m = method(), i = Number(slider.value);
    var recall = share(m.found[i], m.positive), precision = share(m.found[i], m.called[i]);
    point.setAttribute("cx", x(recall));
    point.setAttribute("cy", y(precision));
    var words = "From " + m.thresholds[i].toPrecision(3) + " on: finds " + percent(recall) +
      " of 100 " + data.noun + "s of class " + data.rare + "; " + percent(precision) +
      " of 100 alarms are right; " + (100 * share(m.called[i], m.total)).toPrecision(2) +
      " alarms in 100 " + data.noun + "s; 100 " + data.noun + "s cost " + (100 * cost(m, i)).toPrecision(3) + ".";
    said.textContent = words;
    slider.setAttribute("aria-valuetext", words);
  }

  function choose() {
    var m = method(), path = "";
    for (var i = 0; i < m.thresholds.length; i += 1) {
      path += (i ? "L" : "M") + x(share(m.found[i], m.positive)) + " " +
        y(share(m.found[i], m.called[i]));
    }
    curve.setAttribute("d", path);
    slider.max = m.thresholds.length - 1;
    slider.value = m.start;
    show();
  }

  part("least").addEventListener("click", function () {
    var m = method(), best = 0;
    for (var i = 1; i < m.thresholds.length; i += 1) {
      if (cost(m, i) < cost(m, best)) { best = i; }
    }
    slider.value = best;
    show();
  });
  [slider, miss, alarm].forEach(function (input) { input.addEventListener("input", show); });
  select.addEventListener("change", choose);
  part("by-hand").hidden = false;
  choose();
})();
